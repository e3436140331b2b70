/* secmod.h, secmodt.h: PKCS#11 modules and the slots in them. */
typedef struct PK11SlotInfoStr PK11SlotInfo;
typedef struct NSSRWLockStr SECMODListLock;
typedef struct SECMODModuleStr {
    PRBool internal;
    PRBool loaded;
    PRBool isFIPS;
    char *dllName;
    char *commonName;
    PK11SlotInfo **slots;
    int slotCount;
    char *libraryParams;
    ...;
} SECMODModule;
typedef struct SECMODModuleListStr {
    struct SECMODModuleListStr *next;
    SECMODModule *module;
    ...;
} SECMODModuleList;

SECMODModuleList *SECMOD_GetDefaultModuleList(void);
SECMODModuleList *SECMOD_GetDeadModuleList(void);
SECMODListLock *SECMOD_GetDefaultModuleListLock(void);
void SECMOD_GetReadLock(SECMODListLock *lock);
void SECMOD_ReleaseReadLock(SECMODListLock *lock);
SECMODModule *SECMOD_FindModule(const char *name);
SECMODModule *SECMOD_GetInternalModule(void);
SECMODModule *SECMOD_LoadUserModule(char *moduleSpec, SECMODModule *parent, PRBool recurse);
SECStatus SECMOD_UnloadUserModule(SECMODModule *mod);
SECStatus SECMOD_DeleteInternalModule(const char *name);
PRBool SECMOD_CanDeleteInternalModule(void);
SECStatus SECMOD_AddNewModule(const char *moduleName, const char *dllPath, unsigned long defaultMechanismFlags,
                              unsigned long cipherEnableFlags);
SECStatus SECMOD_DeleteModule(const char *name, int *type);
SECStatus SECMOD_UpdateSlotList(SECMODModule *mod);
SECMODModule *SECMOD_ReferenceModule(SECMODModule *module);
void SECMOD_DestroyModule(SECMODModule *module);
