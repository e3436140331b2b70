/* What Python implements. NSS calls it for a PIN, on the thread that asked for the login, and
 * takes over the memory it returns (PORT_Alloc): NSS wipes and frees it. NULL: no PIN. */
extern "Python" char *nsspy_password(PK11SlotInfo *slot, PRBool retry, void *arg);
