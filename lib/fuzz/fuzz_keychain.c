/* keychain_parse() on any bytes: no crash; what it accepts is printed as it was read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/keychain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct keychain chain;
	AUTO_BUF struct buf out = { 0 };
	struct signature_key *key, *last = NULL;

	if (keychain_parse((const char *)data, size, &chain) < 0)
		return 0;
	if (chain.n == 0 || chain.n > KEYCHAIN_KEYS_MAX)
		abort();
	keychain_print(&chain, &out);
	if (out.size != size || memcmp(out.data, data, size) != 0)
		abort();
	/* Any 32 bytes pass for a key; nobody has signed it. */
	key = keychain_key(&chain, 0);
	if (key && keychain_follow(&chain, key, &last) == 0 && !keychain_ends_with(&chain, last))
		abort();
	signature_key_free(last);
	signature_key_free(key);
	return 0;
}
