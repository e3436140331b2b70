/* keyhi.h, keythi.h: keys. */
typedef enum { nullKey, rsaKey, dsaKey, dhKey, ecKey, rsaPssKey, rsaOaepKey, ... } KeyType;
typedef struct SECKEYPrivateKeyStr {
    KeyType keyType;
    PK11SlotInfo *pkcs11Slot;
    CK_OBJECT_HANDLE pkcs11ID;
    PRBool pkcs11IsTemp;
    ...;
} SECKEYPrivateKey;
typedef struct SECKEYPublicKeyStr {
    KeyType keyType;
    PK11SlotInfo *pkcs11Slot;
    CK_OBJECT_HANDLE pkcs11ID;
    ...;
} SECKEYPublicKey;
typedef struct SECKEYPrivateKeyListStr SECKEYPrivateKeyList;
typedef struct CERTSubjectPublicKeyInfoStr { SECAlgorithmID algorithm; SECItem subjectPublicKey; ...; }
    CERTSubjectPublicKeyInfo;

void SECKEY_DestroyPrivateKey(SECKEYPrivateKey *key);
void SECKEY_DestroyPublicKey(SECKEYPublicKey *key);
SECKEYPrivateKey *SECKEY_CopyPrivateKey(const SECKEYPrivateKey *privKey);
SECKEYPublicKey *SECKEY_CopyPublicKey(const SECKEYPublicKey *pubKey);
SECKEYPublicKey *SECKEY_ConvertToPublicKey(SECKEYPrivateKey *privateKey);
SECKEYPublicKey *SECKEY_ExtractPublicKey(const CERTSubjectPublicKeyInfo *spki);
SECItem *SECKEY_EncodeDERSubjectPublicKeyInfo(const SECKEYPublicKey *pubk);
unsigned int SECKEY_PublicKeyStrength(const SECKEYPublicKey *pubk);
unsigned int SECKEY_PublicKeyStrengthInBits(const SECKEYPublicKey *pubk);
unsigned int SECKEY_SignatureLen(const SECKEYPublicKey *pubk);
KeyType SECKEY_GetPrivateKeyType(const SECKEYPrivateKey *privKey);
KeyType SECKEY_GetPublicKeyType(const SECKEYPublicKey *pubKey);
