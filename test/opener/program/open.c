// Reads RSA-2048 ciphertexts from standard input, and writes what the private key in the file argv[1] makes of each, padding included: as
// many blocks of 256 bytes as it has read. A number that is none of the key's becomes 256 bytes of 0xff.
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

int main(int argc, char **argv) {
  FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
  EVP_PKEY *key = file != NULL ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;
  EVP_PKEY_CTX *context = key != NULL ? EVP_PKEY_CTX_new(key, NULL) : NULL;
  if (context == NULL || EVP_PKEY_decrypt_init(context) <= 0 || EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) <= 0) {
    ERR_print_errors_fp(stderr);
    return 1;
  }
  unsigned char sealed[256], opened[256];
  while (fread(sealed, sizeof sealed, 1, stdin) == 1) {
    size_t n = sizeof opened;
    if (EVP_PKEY_decrypt(context, opened, &n, sealed, sizeof sealed) <= 0) {
      memset(opened, 0xff, sizeof opened);
    }
    if (fwrite(opened, sizeof opened, 1, stdout) != 1) {
      return 1;
    }
  }
  return fflush(stdout) != 0 || ferror(stdin);
}
