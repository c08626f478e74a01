/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* alg: the kernel's crypto engines.
 *
 * An address is the kind of engine and the algorithm's name as /proc/crypto has it:
 * alg:hash,sha256, alg:skcipher,cbc(aes). Commas inside brackets belong to the name:
 * alg:aead,authenc(hmac(sha256),cbc(aes)). The key is an option, and may name one of the kernel's
 * key rings.
 *
 * To connect is ours: what is sent until the sending half is closed belongs together, and the
 * result comes; see operation.c. To bind and to accept is the kernel's way, in which the direction
 * and the initialisation vector are control messages: crypto/userspace-if in its documentation.
 *
 * Signatures (ALG_OP_SIGN, ALG_OP_VERIFY, ALG_SET_PUBKEY) never came into the kernel. Python has
 * the names, and so have we. */
#include "alg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */

/* ---- The address, and what options and control messages hold ------------------------------- */

static const KinField alg_address[] = {
  { .name = "type", .kind = KIN_STRING, KIN_AT (struct alg_address, type) },
  { .name = "name", .kind = KIN_STRING, KIN_AT (struct alg_address, name) },
  { .name = "feat", .kind = KIN_UINT,   KIN_AT (struct alg_address, feat),
    .flags = KIN_FIELD_OPTIONAL | KIN_FIELD_HEX },
  { .name = "mask", .kind = KIN_UINT,   KIN_AT (struct alg_address, mask),
    .flags = KIN_FIELD_OPTIONAL | KIN_FIELD_HEX },
};

static const KinAddressCodec alg_codecs[] = {
  { .bytes  = sizeof (struct alg_address), .flags = KIN_CODEC_SHORT, .separator = ',',
    .fields = KIN_TABLE (alg_address) },
};

static const KinName alg_directions[] = {
  { "decrypt", ALG_OP_DECRYPT }, { "encrypt", ALG_OP_ENCRYPT }, { NULL, 0 },
};

static const KinName alg_directions_or_none[] = {
  { "decrypt", ALG_OP_DECRYPT }, { "encrypt", ALG_OP_ENCRYPT },
  { "unset",   (uint32_t) ALG_OP_UNSET }, { NULL, 0 },
};

/* struct af_alg_iv: how many bytes, and they. */
static const KinField alg_iv[] = {
  { .name = "iv", .kind = KIN_BYTES, .offset = sizeof (uint32_t), .size = ALG_LARGEST_IV,
    .count_offset = 0, .count_size = sizeof (uint32_t) },
};

/* ---- A round trip: the hash of what FIPS 180-2 hashes -------------------------------------- */

static int
alg_hash (const void *data, size_t length, uint8_t *digest, size_t size)
{
  static const struct alg_address address = { .family = AF_ALG, .type = "hash", .name = "sha256" };
  int algorithm = socket (AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), operation = -1, rc = 0;

  if (algorithm < 0)
    return -errno;
  if (bind (algorithm, (const struct sockaddr *) &address, sizeof address) < 0
      || (operation = accept4 (algorithm, NULL, NULL, SOCK_CLOEXEC)) < 0
      || send (operation, data, length, 0) < 0 || recv (operation, digest, size, 0) < 0)
    rc = -errno;
  if (operation >= 0)
    close (operation);
  close (algorithm);
  return rc;
}

static int
alg_round_trip (char *reason, size_t size)
{
  static const uint8_t expected[] = {
    0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
    0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
  };
  uint8_t digest[sizeof expected] = { 0 };
  int rc = alg_hash ("abc", 3, digest, sizeof digest);

  if (rc == -ENOENT)
    snprintf (reason, size, "the kernel has no sha256, or no hashes: modprobe -a algif_hash "
                            "sha256_generic");
  else if (rc < 0)
    snprintf (reason, size, "the kernel did not hash three bytes: %s", strerror (-rc));
  else if (memcmp (digest, expected, sizeof expected) != 0) {
    snprintf (reason, size, "the kernel's sha256 of \"abc\" is another than the standard's");
    rc = -EBADMSG;
  }
  return rc;
}

/* ---- Tables -------------------------------------------------------------------------------- */

static const KinProtocol alg_protocols[] = {
  { .scheme  = "alg", .type = SOCK_SEQPACKET, .codecs = KIN_TABLE (alg_codecs),
    .grammar = "TYPE,NAME[,FEAT[,MASK]]",
    .example = "alg:aead,authenc(hmac(sha256),cbc(aes))",
    .round_trip = alg_round_trip },
};

/* The kernel takes keys once a socket is bound. */
#define LATE (KIN_OPTION_WRITE | KIN_OPTION_LATE)

static const KinOption alg_options[] = {
  { .name  = "alg.assoclen",   .help   = "connected: how many of the first bytes are not encrypted",
    .level = ALG_CONVERSATION, .number = ALG_SET_AEAD_ASSOCLEN,
    .kind  = KIN_UINT,         .size   = sizeof (uint32_t), .flags = KIN_OPTION_READ_WRITE },
  { .name  = "alg.authsize",   .help   = "bytes of the authentication tag",
    .level = SOL_ALG,          .number = ALG_SET_AEAD_AUTHSIZE,
    .kind  = KIN_LENGTH,       .flags  = LATE },
  { .name  = "alg.entropy",    .help   = "seed of a generator under test (Linux 5.11)",
    .level = SOL_ALG,          .number = ALG_SET_DRBG_ENTROPY,
    .kind  = KIN_BYTES,        .size   = ALG_LARGEST_KEY, .flags = LATE },
  { .name  = "alg.iv",         .help   = "connected: the initialisation vector",
    .level = ALG_CONVERSATION, .number = ALG_SET_IV,
    .kind  = KIN_BYTES,        .size   = ALG_LARGEST_IV, .flags = KIN_OPTION_READ_WRITE },
  { .name  = "alg.key",        .help   = "the key; of a random number generator the seed",
    .level = SOL_ALG,          .number = ALG_SET_KEY,
    .kind  = KIN_BYTES,        .size   = ALG_LARGEST_KEY, .flags = LATE },
  { .name  = "alg.key-serial", .help   = "the key, by its serial number, see keyctl(1) (Linux 6.2)",
    .level = SOL_ALG,          .number = ALG_SET_KEY_BY_KEY_SERIAL,
    .kind  = KIN_INT,          .size   = sizeof (int32_t), .flags = LATE },
  { .name  = "alg.op",         .help   = "connected: encrypt or decrypt",
    .level = ALG_CONVERSATION, .number = ALG_SET_OP,
    .kind  = KIN_UINT,         .size   = sizeof (uint32_t), .flags = KIN_OPTION_READ_WRITE,
    .names = alg_directions_or_none },
};

static const KinControl alg_controls[] = {
  { .name  = "alg.assoclen", .help   = "how many of the first bytes are not encrypted",
    .level = SOL_ALG,        .number = ALG_SET_AEAD_ASSOCLEN,
    .kind  = KIN_UINT,       .size   = sizeof (uint32_t), .flags = KIN_OPTION_WRITE },
  { .name  = "alg.iv",       .help   = "the initialisation vector",
    .level = SOL_ALG,        .number = ALG_SET_IV,
    .kind  = KIN_STRUCT,     .size   = sizeof (uint32_t), .flags = KIN_OPTION_WRITE,
    .fields = KIN_TABLE (alg_iv) },
  { .name  = "alg.op",       .help   = "encrypt or decrypt",
    .level = SOL_ALG,        .number = ALG_SET_OP,
    .kind  = KIN_UINT,       .size   = sizeof (uint32_t), .flags = KIN_OPTION_WRITE,
    .names = alg_directions },
};

static const KinConstant alg_constants[] = {
  { .name = "AF_ALG",                    .value = AF_ALG },
  { .name = "ALG_OP_DECRYPT",            .value = ALG_OP_DECRYPT },
  { .name = "ALG_OP_ENCRYPT",            .value = ALG_OP_ENCRYPT },
  { .name = "ALG_OP_SIGN",               .value = 2 },
  { .name = "ALG_OP_VERIFY",             .value = 3 },
  { .name = "ALG_SET_AEAD_ASSOCLEN",     .value = ALG_SET_AEAD_ASSOCLEN },
  { .name = "ALG_SET_AEAD_AUTHSIZE",     .value = ALG_SET_AEAD_AUTHSIZE },
  { .name = "ALG_SET_DRBG_ENTROPY",      .value = ALG_SET_DRBG_ENTROPY },
  { .name = "ALG_SET_IV",                .value = ALG_SET_IV },
  { .name = "ALG_SET_KEY",               .value = ALG_SET_KEY },
  { .name = "ALG_SET_KEY_BY_KEY_SERIAL", .value = ALG_SET_KEY_BY_KEY_SERIAL },
  { .name = "ALG_SET_OP",                .value = ALG_SET_OP },
  { .name = "ALG_SET_PUBKEY",            .value = 6 },
  { .name = "SOL_ALG",                   .value = SOL_ALG },
};

#define NO_ALGORITHM \
  "the kernel has no such algorithm: the types are hash, skcipher, aead and rng; /proc/crypto " \
  "lists the names that are loaded, and modprobe loads more"

/* CRYPTO_ALG_KERN_DRIVER_ONLY */
#define ONE_FLAG \
  "FEAT and MASK know 0x1000 alone: an engine that only the kernel can reach"

static const KinHint alg_hints[] = {
  { .operation = "open",    .code     = EAFNOSUPPORT,
    .sentence  = "load it: modprobe -a af_alg algif_hash algif_skcipher algif_aead algif_rng" },
  { .operation = "bind",    .code     = EINVAL,
    .sentence  = "alg.op, alg.iv and alg.assoclen are for a socket that connects; what is accepted "
                 "says them in control messages. " ONE_FLAG },
  { .operation = "bind",    .code     = ENOENT,  .sentence = NO_ALGORITHM },
  { .operation = "listen",  .code     = EOPNOTSUPP,
    .sentence  = "connect to it, or bind it and accept" },
  { .operation = "connect", .code     = EINVAL,  .sentence = ONE_FLAG },
  { .operation = "connect", .code     = ENOENT,  .sentence = NO_ALGORITHM },
  { .operation = "send",    .code     = EINVAL,
    .sentence  = "a cipher wants alg.op, and in alg.iv as many bytes as its mode takes" },
  { .operation = "send",    .code     = EMSGSIZE,
    .sentence  = "what an aead works on must fit the send buffer as a whole: raise so.sndbuf" },
  { .operation = "send",    .code     = ENOKEY,  .sentence = "set alg.key first" },
  { .operation = "send",    .code     = EPIPE,   .sentence = "the sending half is closed" },
  { .operation = "receive", .code     = EBADMSG,
    .sentence  = "the tag is not that of these bytes, this key and this alg.iv" },
  { .operation = "receive", .code     = EINVAL,
    .sentence  = "a cipher takes whole blocks, an aead at least its tag and associated data; a "
                 "random number generator wants a seed, alg.key=, even if it is empty" },
  { .operation = "receive", .code     = ENOKEY,  .sentence = "set alg.key first" },
  { .operation = "shut",    .code     = EINVAL,
    .sentence  = "a cipher wants alg.op, and in alg.iv as many bytes as its mode takes" },
  { .operation = "shut",    .code     = ENOKEY,  .sentence = "set alg.key first" },
  { .operation = "set",     .code     = EBUSY,
    .sentence  = "set it before an operation is accepted, or begun" },
  { .operation = "set",     .code     = EINVAL,
    .sentence  = "the algorithm takes another number of bytes" },
  { .operation = "set",     .code     = ENOPROTOOPT,
    .sentence  = "bind it first; a key is for a cipher, an hmac or a seed, alg.authsize for an "
                 "aead; and the kernel must be new enough" },
};

/* ---- The descriptor ------------------------------------------------------------------------ */

KIN_FAMILY (alg) = {
  KIN_STAMP,
  .domain    = AF_ALG,
  .name      = "alg",
  .summary   = "the kernel's crypto engines",
  .modules   = "af_alg algif_hash algif_skcipher algif_aead algif_rng",
  .protocols = KIN_TABLE (alg_protocols),
  .options   = KIN_TABLE (alg_options),
  .controls  = KIN_TABLE (alg_controls),
  .constants = KIN_TABLE (alg_constants),
  .hints     = KIN_TABLE (alg_hints),
  .ops       = &alg_ops,
};
