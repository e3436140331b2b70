/* pk11pub.h, pk11func.h: slots, tokens, logins, keys and certificates on them. */
typedef struct PK11SlotListElementStr {
    struct PK11SlotListElementStr *next;
    struct PK11SlotListElementStr *prev;
    PK11SlotInfo *slot;
    ...;
} PK11SlotListElement;
typedef struct PK11SlotListStr { PK11SlotListElement *head; PK11SlotListElement *tail; ...; } PK11SlotList;
typedef enum { PK11CertListUnique, PK11CertListUser, PK11CertListRootUnique, PK11CertListCA, PK11CertListCAUnique,
               PK11CertListUserUnique, PK11CertListAll } PK11CertListType;
typedef struct PK11RSAGenParamsStr { int keySizeInBits; unsigned long pe; } PK11RSAGenParams;
typedef char *(*PK11PasswordFunc)(PK11SlotInfo *slot, PRBool retry, void *arg);

PK11SlotInfo *PK11_GetInternalSlot(void);
PK11SlotInfo *PK11_GetInternalKeySlot(void);
PK11SlotInfo *PK11_ReferenceSlot(PK11SlotInfo *slot);
PK11SlotInfo *PK11_FindSlotByName(const char *name);
void PK11_FreeSlot(PK11SlotInfo *slot);
PK11SlotList *PK11_GetAllTokens(CK_MECHANISM_TYPE type, PRBool needRW, PRBool loadCerts, void *wincx);
PK11SlotListElement *PK11_GetFirstSafe(PK11SlotList *list);
PK11SlotListElement *PK11_GetNextSafe(PK11SlotList *list, PK11SlotListElement *le, PRBool restart);
void PK11_FreeSlotList(PK11SlotList *list);
char *PK11_GetTokenName(PK11SlotInfo *slot);
char *PK11_GetTokenURI(PK11SlotInfo *slot);
char *PK11_GetSlotName(PK11SlotInfo *slot);
SECMODModule *PK11_GetModule(PK11SlotInfo *slot);
CK_SLOT_ID PK11_GetSlotID(PK11SlotInfo *slot);
SECStatus PK11_GetTokenInfo(PK11SlotInfo *slot, CK_TOKEN_INFO *info);
PRBool PK11_IsPresent(PK11SlotInfo *slot);
PRBool PK11_IsInternal(PK11SlotInfo *slot);
PRBool PK11_IsInternalKeySlot(PK11SlotInfo *slot);
PRBool PK11_IsHW(PK11SlotInfo *slot);
PRBool PK11_IsRemovable(PK11SlotInfo *slot);
PRBool PK11_IsReadOnly(PK11SlotInfo *slot);
PRBool PK11_IsFriendly(PK11SlotInfo *slot);
PRBool PK11_IsFIPS(void);
PRBool PK11_IsLoggedIn(PK11SlotInfo *slot, void *wincx);
PRBool PK11_NeedLogin(PK11SlotInfo *slot);
PRBool PK11_NeedUserInit(PK11SlotInfo *slot);
PRBool PK11_NeedPWInit(void);
PRBool PK11_ProtectedAuthenticationPath(PK11SlotInfo *slot);
PRBool PK11_DoesMechanism(PK11SlotInfo *slot, CK_MECHANISM_TYPE type);
PRBool PK11_HasRootCerts(PK11SlotInfo *slot);

void PK11_SetPasswordFunc(PK11PasswordFunc func);
SECStatus PK11_Authenticate(PK11SlotInfo *slot, PRBool loadCerts, void *wincx);
SECStatus PK11_CheckUserPassword(PK11SlotInfo *slot, const char *pw);
SECStatus PK11_Logout(PK11SlotInfo *slot);
SECStatus PK11_InitPin(PK11SlotInfo *slot, const char *ssopw, const char *pk11_userpwd);
SECStatus PK11_ChangePW(PK11SlotInfo *slot, const char *oldpw, const char *newpw);
int PK11_GetMinimumPwdLength(PK11SlotInfo *slot);
void PK11_ConfigurePKCS11(const char *man, const char *libdesc, const char *tokdesc, const char *ptokdesc,
                          const char *slotdesc, const char *pslotdesc, const char *fslotdesc, const char *fpslotdesc,
                          int minPwd, int pwRequired);

SECStatus PK11_RandomUpdate(void *data, size_t bytes);
SECStatus PK11_GenerateRandom(unsigned char *data, int len);

CERTCertList *PK11_ListCerts(PK11CertListType type, void *pwarg);
CERTCertList *PK11_ListCertsInSlot(PK11SlotInfo *slot);
CERTCertificate *PK11_FindCertFromNickname(const char *nickname, void *wincx);
CERTCertList *PK11_FindCertsFromNickname(const char *nickname, void *wincx);
CERTCertificate *PK11_FindCertFromURI(const char *uri, void *wincx);
CERTCertList *PK11_FindCertsFromURI(const char *uri, void *wincx);
PK11SlotList *PK11_GetAllSlotsForCert(CERTCertificate *cert, void *arg);
SECStatus PK11_ImportCert(PK11SlotInfo *slot, CERTCertificate *cert, CK_OBJECT_HANDLE key, const char *nickname,
                          PRBool includeTrust);
SECStatus PK11_ImportDERCert(PK11SlotInfo *slot, SECItem *derCert, CK_OBJECT_HANDLE key, char *nickname,
                             PRBool includeTrust);
SECStatus PK11_DeleteTokenCertAndKey(CERTCertificate *cert, void *wincx);
SECStatus __PK11_SetCertificateNickname(CERTCertificate *cert, const char *nickname);

SECKEYPrivateKey *PK11_FindPrivateKeyFromCert(PK11SlotInfo *slot, CERTCertificate *cert, void *wincx);
SECKEYPrivateKey *PK11_FindKeyByAnyCert(CERTCertificate *cert, void *wincx);
SECKEYPrivateKey *PK11_FindKeyByDERCert(PK11SlotInfo *slot, CERTCertificate *cert, void *wincx);
PK11SlotInfo *PK11_KeyForCertExists(CERTCertificate *cert, CK_OBJECT_HANDLE *keyPtr, void *wincx);
SECKEYPrivateKey *PK11_CopyTokenPrivKeyToSessionPrivKey(PK11SlotInfo *destSlot, SECKEYPrivateKey *privKey);
SECKEYPrivateKey *PK11_GenerateKeyPair(PK11SlotInfo *slot, CK_MECHANISM_TYPE type, void *param,
                                       SECKEYPublicKey **pubk, PRBool isPerm, PRBool isSensitive, void *wincx);
SECStatus PK11_ImportDERPrivateKeyInfoAndReturnKey(PK11SlotInfo *slot, SECItem *derPKI, SECItem *nickname,
                                                   SECItem *publicValue, PRBool isPerm, PRBool isPrivate,
                                                   unsigned int usage, SECKEYPrivateKey **privk, void *wincx);
SECItem *PK11_ExportDERPrivateKeyInfo(SECKEYPrivateKey *pk, void *wincx);
SECStatus PK11_Sign(SECKEYPrivateKey *key, SECItem *sig, const SECItem *hash);
SECStatus PK11_Verify(SECKEYPublicKey *key, const SECItem *sig, const SECItem *hash, void *wincx);
int PK11_SignatureLen(SECKEYPrivateKey *key);
SECKEYPrivateKeyList *PK11_ListPrivateKeysInSlot(PK11SlotInfo *slot);
void SECKEY_DestroyPrivateKeyList(SECKEYPrivateKeyList *keys);
