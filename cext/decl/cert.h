/* cert.h, certt.h, certdb.h: certificates, chains, trust, verification. */
typedef struct CERTCertDBHandleStr CERTCertDBHandle;
typedef struct PRCListStr { struct PRCListStr *next; struct PRCListStr *prev; } PRCList;
typedef struct CERTCertTrustStr {
    unsigned int sslFlags;
    unsigned int emailFlags;
    unsigned int objectSigningFlags;
} CERTCertTrust;
typedef struct CERTCertificateStr {
    PLArenaPool *arena;
    char *subjectName;
    char *issuerName;
    SECItem derCert;
    SECItem derIssuer;
    SECItem derSubject;
    SECItem derPublicKey;
    SECItem serialNumber;
    SECAlgorithmID signature;
    CERTSubjectPublicKeyInfo subjectPublicKeyInfo;
    CERTCertDBHandle *dbhandle;
    SECItem subjectKeyID;
    unsigned int keyUsage;
    unsigned int rawKeyUsage;
    PRBool keyUsagePresent;
    PRUint32 nsCertType;
    PRBool isperm;
    PRBool istemp;
    char *nickname;
    char *dbnickname;
    CERTCertTrust *trust;
    PRBool isRoot;
    PK11SlotInfo *slot;
    CK_OBJECT_HANDLE pkcs11ID;
    ...;
} CERTCertificate;
typedef struct CERTCertListNodeStr { PRCList links; CERTCertificate *cert; void *appData; } CERTCertListNode;
typedef struct CERTCertListStr { PRCList list; PLArenaPool *arena; } CERTCertList;
typedef struct CERTCertificateListStr { SECItem *certs; int len; PLArenaPool *arena; } CERTCertificateList;
typedef struct CERTVerifyLogNodeStr {
    CERTCertificate *cert;
    long error;
    unsigned int depth;
    void *arg;
    struct CERTVerifyLogNodeStr *next;
    struct CERTVerifyLogNodeStr *prev;
} CERTVerifyLogNode;
typedef struct CERTVerifyLogStr {
    PLArenaPool *arena;
    unsigned int count;
    struct CERTVerifyLogNodeStr *head;
    struct CERTVerifyLogNodeStr *tail;
} CERTVerifyLog;
typedef enum { secCertTimeValid, secCertTimeExpired, secCertTimeNotValidYet, secCertTimeUndetermined }
    SECCertTimeValidity;
typedef enum { certUsageSSLClient, certUsageSSLServer, certUsageSSLCA, certUsageEmailRecipient, certUsageAnyCA, ... }
    SECCertUsage;
typedef PRInt64 SECCertificateUsage;

#define certificateUsageSSLClient ...
#define certificateUsageSSLServer ...
#define certificateUsageSSLCA ...
#define KU_DIGITAL_SIGNATURE ...
#define KU_KEY_ENCIPHERMENT ...
#define KU_KEY_AGREEMENT ...
#define KU_KEY_CERT_SIGN ...
#define KU_CRL_SIGN ...
#define CERTDB_TERMINAL_RECORD ...
#define CERTDB_TRUSTED ...
#define CERTDB_VALID_CA ...
#define CERTDB_TRUSTED_CA ...
#define CERTDB_USER ...
#define CERTDB_TRUSTED_CLIENT_CA ...

CERTCertDBHandle *CERT_GetDefaultCertDB(void);
CERTCertificate *CERT_DupCertificate(CERTCertificate *c);
void CERT_DestroyCertificate(CERTCertificate *cert);
CERTCertificate *CERT_FindCertByNickname(CERTCertDBHandle *handle, const char *nickname);
CERTCertificate *CERT_FindCertByDERCert(CERTCertDBHandle *handle, SECItem *derCert);
CERTCertificate *CERT_FindCertIssuer(CERTCertificate *cert, PRTime validTime, SECCertUsage usage);
CERTCertificate *CERT_NewTempCertificate(CERTCertDBHandle *handle, SECItem *derCert, char *nickname, PRBool isperm,
                                         PRBool copyDER);
CERTCertListNode *CERT_LIST_HEAD(CERTCertList *list);
CERTCertListNode *CERT_LIST_NEXT(CERTCertListNode *node);
int CERT_LIST_END(CERTCertListNode *node, CERTCertList *list);
void CERT_DestroyCertList(CERTCertList *certs);
CERTCertList *CERT_GetCertChainFromCert(CERTCertificate *cert, PRTime time, SECCertUsage usage);
CERTCertificateList *CERT_CertChainFromCert(CERTCertificate *cert, SECCertUsage usage, PRBool includeRoot);
void CERT_DestroyCertificateList(CERTCertificateList *list);
SECStatus CERT_GetCertTimes(const CERTCertificate *c, PRTime *notBefore, PRTime *notAfter);
SECCertTimeValidity CERT_CheckCertValidTimes(const CERTCertificate *cert, PRTime t, PRBool allowOverride);
SECStatus CERT_VerifyCertificate(CERTCertDBHandle *handle, CERTCertificate *cert, PRBool checkSig,
                                 SECCertificateUsage requiredUsages, PRTime t, void *wincx, CERTVerifyLog *log,
                                 SECCertificateUsage *returnedUsages);
SECStatus CERT_VerifyCertificateNow(CERTCertDBHandle *handle, CERTCertificate *cert, PRBool checkSig,
                                    SECCertificateUsage requiredUsages, void *wincx,
                                    SECCertificateUsage *returnedUsages);
SECStatus CERT_VerifyCertName(const CERTCertificate *cert, const char *hostname);
SECStatus CERT_GetCertTrust(const CERTCertificate *cert, CERTCertTrust *trust);
SECStatus CERT_ChangeCertTrust(CERTCertDBHandle *handle, CERTCertificate *cert, CERTCertTrust *trust);
SECStatus CERT_DecodeTrustString(CERTCertTrust *trust, const char *trusts);
SECKEYPublicKey *CERT_ExtractPublicKey(CERTCertificate *cert);
SECStatus CERT_CheckCertUsage(CERTCertificate *cert, unsigned char usage);
SECStatus SEC_DeletePermCertificate(CERTCertificate *cert);
SECStatus CERT_EnableOCSPChecking(CERTCertDBHandle *handle);
SECStatus CERT_DisableOCSPChecking(CERTCertDBHandle *handle);
SECStatus CERT_SetOCSPDefaultResponder(CERTCertDBHandle *handle, const char *url, const char *name);
SECStatus CERT_EnableOCSPDefaultResponder(CERTCertDBHandle *handle);
SECStatus CERT_DisableOCSPDefaultResponder(CERTCertDBHandle *handle);
SECStatus CERT_OCSPCacheSettings(PRInt32 maxCacheEntries, PRUint32 minimumSecondsToNextFetchAttempt,
                                 PRUint32 maximumSecondsToNextFetchAttempt);
SECStatus CERT_SetOCSPTimeout(PRUint32 seconds);
PLArenaPool *PORT_NewArena(unsigned long chunksize);
