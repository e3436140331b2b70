/* prio.h, prnetdb.h: descriptors. A model socket is a PRFileDesc that never connects. */
typedef struct PRFileDesc PRFileDesc;
typedef struct PRNetAddr PRNetAddr;
typedef enum { PR_SHUTDOWN_RCV = 0, PR_SHUTDOWN_SEND = 1, PR_SHUTDOWN_BOTH = 2 } PRShutdownHow;

PRFileDesc *PR_NewTCPSocket(void);
PRFileDesc *PR_OpenTCPSocket(PRIntn af);
PRStatus PR_Close(PRFileDesc *fd);
PRStatus PR_Shutdown(PRFileDesc *fd, PRShutdownHow how);
/* private/pprio.h, which not every system installs: the descriptor below, for its close-on-exec flag. */
PRInt32 PR_FileDesc2NativeHandle(PRFileDesc *fd);
PRInt32 PR_Read(PRFileDesc *fd, void *buf, PRInt32 amount);
PRInt32 PR_Write(PRFileDesc *fd, const void *buf, PRInt32 amount);
PRInt32 PR_Recv(PRFileDesc *fd, void *buf, PRInt32 amount, PRIntn flags, PRIntervalTime timeout);
PRInt32 PR_Send(PRFileDesc *fd, const void *buf, PRInt32 amount, PRIntn flags, PRIntervalTime timeout);

#define PR_AF_INET ...
#define PR_AF_INET6 ...
