/* prtypes.h, plarena.h, prinit.h, prmem.h: NSPR's own words for numbers. */
typedef int PRBool;
typedef int PRIntn;
typedef unsigned int PRUintn;
typedef int8_t PRInt8;
typedef uint8_t PRUint8;
typedef int16_t PRInt16;
typedef uint16_t PRUint16;
typedef int32_t PRInt32;
typedef uint32_t PRUint32;
typedef int64_t PRInt64;
typedef uint64_t PRUint64;
typedef PRInt64 PRTime;
typedef PRUint32 PRIntervalTime;
typedef enum { PR_FAILURE = -1, PR_SUCCESS = 0 } PRStatus;
typedef struct PLArenaPool PLArenaPool;

#define PR_TRUE ...
#define PR_FALSE ...

const char *PR_GetVersion(void);
PRTime PR_Now(void);
PRBool PR_Initialized(void);
PRStatus PR_Cleanup(void);
void PR_Free(void *ptr);
PRIntervalTime PR_SecondsToInterval(PRUint32 seconds);
PRIntervalTime PR_MillisecondsToInterval(PRUint32 milli);
