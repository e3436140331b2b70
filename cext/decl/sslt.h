/* sslt.h: the types of libssl. Enumerations are open: a newer NSS may return more. */
typedef enum { ssl_kea_null, ssl_kea_rsa, ssl_kea_dh, ssl_kea_ecdh, ssl_kea_ecdh_psk, ssl_kea_dh_psk,
               ssl_kea_tls13_any, ... } SSLKEAType;
typedef enum { ssl_auth_null, ssl_auth_rsa_decrypt, ssl_auth_dsa, ssl_auth_kea, ssl_auth_ecdsa, ssl_auth_ecdh_rsa,
               ssl_auth_ecdh_ecdsa, ssl_auth_rsa_sign, ssl_auth_rsa_pss, ssl_auth_psk, ssl_auth_tls13_any, ... }
    SSLAuthType;
typedef enum { ssl_calg_null, ssl_calg_rc4, ssl_calg_rc2, ssl_calg_des, ssl_calg_3des, ssl_calg_idea, ssl_calg_aes,
               ssl_calg_camellia, ssl_calg_seed, ssl_calg_aes_gcm, ssl_calg_chacha20, ... } SSLCipherAlgorithm;
typedef enum { ssl_mac_null, ssl_mac_md5, ssl_mac_sha, ssl_hmac_md5, ssl_hmac_sha, ssl_hmac_sha256, ssl_mac_aead,
               ssl_hmac_sha384, ... } SSLMACAlgorithm;
typedef enum { ssl_sig_none, ssl_sig_rsa_pkcs1_sha1, ssl_sig_rsa_pkcs1_sha256, ssl_sig_rsa_pkcs1_sha384,
               ssl_sig_rsa_pkcs1_sha512, ssl_sig_ecdsa_secp256r1_sha256, ssl_sig_ecdsa_secp384r1_sha384,
               ssl_sig_ecdsa_secp521r1_sha512, ssl_sig_rsa_pss_rsae_sha256, ssl_sig_rsa_pss_rsae_sha384,
               ssl_sig_rsa_pss_rsae_sha512, ssl_sig_rsa_pss_pss_sha256, ssl_sig_rsa_pss_pss_sha384,
               ssl_sig_rsa_pss_pss_sha512, ssl_sig_ecdsa_sha1, ... } SSLSignatureScheme;
typedef enum { ssl_grp_ec_secp256r1, ssl_grp_ec_secp384r1, ssl_grp_ec_secp521r1, ssl_grp_ec_curve25519,
               ssl_grp_ffdhe_2048, ssl_grp_ffdhe_3072, ssl_grp_ffdhe_4096, ssl_grp_ffdhe_6144, ssl_grp_ffdhe_8192,
               ssl_grp_none, ... } SSLNamedGroup;
typedef enum { ssl_hs_client_hello, ssl_hs_certificate, ... } SSLHandshakeType;
typedef struct SSLVersionRangeStr { PRUint16 min; PRUint16 max; } SSLVersionRange;
typedef enum { ssl_variant_stream, ssl_variant_datagram } SSLProtocolVariant;
typedef struct SSLCipherSuiteInfoStr {
    PRUint16 length;
    PRUint16 cipherSuite;
    const char *cipherSuiteName;
    const char *authAlgorithmName;
    const char *keaTypeName;
    SSLKEAType keaType;
    const char *symCipherName;
    SSLCipherAlgorithm symCipher;
    PRUint16 symKeyBits;
    PRUint16 symKeySpace;
    PRUint16 effectiveKeyBits;
    const char *macAlgorithmName;
    SSLMACAlgorithm macAlgorithm;
    PRUint16 macBits;
    SSLAuthType authType;
    ...;
} SSLCipherSuiteInfo;
typedef struct SSLChannelInfoStr {
    PRUint32 length;
    PRUint16 protocolVersion;
    PRUint16 cipherSuite;
    PRUint32 authKeyBits;
    PRUint32 keaKeyBits;
    PRUint32 creationTime;
    PRUint32 lastAccessTime;
    PRUint32 expirationTime;
    PRUint32 sessionIDLength;
    PRUint8 sessionID[32];
    PRBool extendedMasterSecretUsed;
    PRBool earlyDataAccepted;
    SSLKEAType keaType;
    SSLNamedGroup keaGroup;
    SSLCipherAlgorithm symCipher;
    SSLMACAlgorithm macAlgorithm;
    SSLAuthType authType;
    SSLSignatureScheme signatureScheme;
    PRBool resumed;
    ...;
} SSLChannelInfo;

#define SSL_LIBRARY_VERSION_3_0 ...
#define SSL_LIBRARY_VERSION_TLS_1_0 ...
#define SSL_LIBRARY_VERSION_TLS_1_1 ...
#define SSL_LIBRARY_VERSION_TLS_1_2 ...
#define SSL_LIBRARY_VERSION_TLS_1_3 ...

/* cffi reads no bit field of an open struct: this reads one for it (build_nss.py). */
int nsspy_suite_is_fips(const SSLCipherSuiteInfo *info);
