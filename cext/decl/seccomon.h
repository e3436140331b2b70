/* seccomon.h, secitem.h, secport.h, secoidt.h: items, results, memory of libnssutil. */
typedef enum {
    siBuffer, siClearDataBuffer, siCipherDataBuffer, siDERCertBuffer, siEncodedCertBuffer, siDERNameBuffer,
    siEncodedNameBuffer, siAsciiNameString, siAsciiString, siDEROID, siUnsignedInteger, siUTCTime,
    siGeneralizedTime, siVisibleString, siUTF8String, siBMPString, ...
} SECItemType;
typedef struct SECItemStr { SECItemType type; unsigned char *data; unsigned int len; } SECItem;
typedef struct SECItemArrayStr { SECItem *items; unsigned int len; } SECItemArray;
typedef enum { SECWouldBlock = -2, SECFailure = -1, SECSuccess = 0 } SECStatus;
typedef enum { SECLessThan = -1, SECEqual = 0, SECGreaterThan = 1 } SECComparison;
typedef enum { SEC_OID_UNKNOWN, SEC_OID_PKCS1_RSA_ENCRYPTION, SEC_OID_PKCS1_RSA_PSS_SIGNATURE,
               SEC_OID_ANSIX962_EC_PUBLIC_KEY, SEC_OID_SHA1, SEC_OID_SHA256, ... } SECOidTag;
typedef struct SECAlgorithmIDStr { SECItem algorithm; SECItem parameters; ...; } SECAlgorithmID;

SECItem *SECITEM_AllocItem(PLArenaPool *arena, SECItem *item, unsigned int len);
SECItem *SECITEM_DupItem(const SECItem *from);
void SECITEM_FreeItem(SECItem *item, PRBool freeItem);
void SECITEM_ZfreeItem(SECItem *item, PRBool freeItem);
void *PORT_Alloc(size_t len);
void PORT_Free(void *ptr);
void PORT_ZFree(void *ptr, size_t len);
char *PORT_Strdup(const char *s);
int PORT_GetError(void);
void PORT_FreeArena(PLArenaPool *arena, PRBool zero);
SECOidTag SECOID_GetAlgorithmTag(const SECAlgorithmID *aid);
SECOidTag SECOID_FindOIDTag(const SECItem *oid);
