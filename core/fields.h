/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/fields.h: between the files that read and write structs by their fields.
 *
 * atom.c and number.c are memory and one value, value.c is one value and a GVariant, text.c one
 * value and its text; fields.c walks a table of fields. A complaint is what is wrong, in words:
 * "port 70000 is out of range (0 to 65535)". */
/* clang-format off */
#ifndef KIN_FIELDS_H
#define KIN_FIELDS_H

#include "private.h"

/* A struct that is read or written by its fields. */
typedef struct {
  const KinTable *fields;
  char            separator;   /* between members in text; 0: there is one member */
  const char     *escaped;     /* more characters that text escapes, or NULL */
  gint32         *protocol;    /* of an address: KIN_PROTOCOL's place; else NULL */
  gsize           room;        /* bytes that base has, zeros past length */
} KinShape;

/* Where it lies. Writing changes length where bytes or a path end the struct. */
typedef struct {
  const KinShape *shape;
  guint8         *base;        /* only read by what reads */
  gsize           length;
  KinForm         form;
} KinPlace;

/* One value between memory and its form, of any length. The bytes are not its own. */
typedef struct {
  KinKind     kind;            /* KIN_UINT, KIN_INT (negative), KIN_BOOL, KIN_STRING, KIN_BYTES */
  guint64     number;
  const char *bytes;
  gsize       length;
} KinAtom;

/* Words to *why, where it is not NULL; returns -code. A field without a name is an option. */
int kin__complain (char **why, int code, const char *format, ...) G_GNUC_PRINTF (3, 4);
int kin__complain_range (char **why, const KinField *row, const char *shown);
int kin__complain_type (char **why, const KinField *row, const KinAtom *atom, const char *wanted);
/* "port " or "". */
char *kin__field_label (const KinField *row);
char *kin__atom_show (const KinAtom *atom);

/* An unsigned integer of any size. */
#define KIN_NATIVE_IS_BIG (G_BYTE_ORDER == G_BIG_ENDIAN)
gboolean kin__field_is_big_endian (const KinField *row);
guint64  kin__bytes_load (const guint8 *at, guint size, gboolean is_big_endian);
void     kin__bytes_store (guint8 *at, guint size, gboolean is_big_endian, guint64 number);
KinAtom  kin__signed_atom (gint64 number);
/* KIN_UINT, KIN_INT, KIN_BOOL, KIN_TIME. check: is it an integer of the field's range? */
KinAtom kin__number_load (const guint8 *at, const KinField *row);
int     kin__number_store (guint8 *at, const KinField *row, const KinAtom *atom, char **why);
int     kin__number_check (const KinField *row, const KinAtom *atom, char **why);

static inline gboolean
kin__is_numeric (const KinAtom *atom)
{
  return atom->kind == KIN_UINT || atom->kind == KIN_INT || atom->kind == KIN_BOOL;
}

/* own: the family's row, for hooks. scratch: bytes that the atom may point to. 0 or -errno. */
int kin__atom_load (const KinPlace *place, const KinField *row, const KinField *own,
                    KinMember *scratch, KinAtom *atom);
int kin__atom_store (KinPlace *place, const KinField *row, const KinField *own,
                     const KinAtom *atom, char **why);
/* As hooks get it; a host that is not ASCII as IDNA has it. */
int kin__atom_to_member (const KinField *row, const KinAtom *atom, KinMember *member, char **why);
/* Is there nothing but the fallback? Of what load gave. */
gboolean kin__atom_is_fallback (const KinPlace *place, const KinField *row, const KinAtom *atom);

/* Floating. */
GVariant *kin__atom_to_value (const KinAtom *atom);
/* value: no variant or maybe, see kin__value_unwrap (); it keeps the bytes. FALSE: no atom. */
gboolean  kin__atom_from_value (GVariant *value, KinAtom *atom);
/* What is inside variants and maybes, transfer full; NULL: None. */
GVariant *kin__value_unwrap (GVariant *value);
/* As messages show it: printed, the start of what is long. */
char     *kin__value_show (GVariant *value);
/* One value as Python writes it, transfer full, and where it ends; NULL: *why says where and why
 * not. */
GVariant *kin__value_read (const char *text, const char **end, char **why);
/* A tuple, or a list in its place. */
gboolean  kin__value_is_sequence (GVariant *value);

void kin__atom_to_text (const KinShape *shape, const KinField *row, const KinAtom *atom,
                        GString *text);
/* *buffer: keeps the bytes; g_free. 0 or -errno. */
int  kin__atom_from_text (const KinField *row, const char *text, KinAtom *atom, char **buffer,
                          char **why);
/* At each separator that no [ or ( hides. 0: not at all. */
char **kin__text_split (const char *text, char separator);
/* %XX undone: new bytes, NUL-terminated; NULL: a bad escape. */
char  *kin__text_unescape (const char *text, gsize n, gsize *length, char **why);
/* Text that is escaped already: only what cannot be printed is escaped now. */
char  *kin__text_tame (const char *text);

/* Floating; or NULL, errno set: ENOMSG where a tag says that it is another codec's. short_tail:
 * optional members at the end that equal their fallback are left out; text never has them. */
GVariant *kin__fields_to_tuple (const KinShape *shape, gconstpointer base, gsize length,
                                gboolean short_tail);
char     *kin__fields_to_text (const KinShape *shape, gconstpointer base, gsize length);
/* From a tuple or, where that is NULL, from text. base: zeros but for what no field covers. Returns
 * 0, -EINVAL, -ENOMSG (a tag says that it is another codec's) or -EADDRNOTAVAIL (a member is a name
 * that must be looked up; all else is well). */
int       kin__fields_from (const KinShape *shape, gpointer base, gsize *length, GVariant *tuple,
                            const char *text, char **why);
/* Of the same, where a member is a name: what resolve is asked, KinMember, hosts by IDNA. written:
 * the text form is appended. */
GArray   *kin__fields_members (const KinShape *shape, GVariant *tuple, const char *text,
                               GString *written, char **why);

#endif
