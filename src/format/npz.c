/* npz.c — a NumPy archive: a zip of .npy files, each a tensor.
 * SPDX-License-Identifier: Apache-2.0
 *
 * numpy/lib/_npyio_impl.py: the member NAME.npy is the array NAME. A zip has a CRC-32 of
 * each member, the array's header included; that of the array's bytes alone follows from
 * it and from the header, so that a damaged header fails as well.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "base/crc32.h"
#include "base/error.h"
#include "format/arrays.h"

/* A member while its header is read. */
struct member_source {
	struct source *source;
	struct inflater inflater;
	const struct zip_member *member;
	uint64_t at;
};

static int read_source(void *arg, uint64_t offset, void *buf, size_t n,
		       struct ckpt_error *err)
{
	return source_read(arg, offset, buf, n, err);
}

static int next_bytes(void *arg, void *buf, size_t n, struct ckpt_error *err)
{
	struct member_source *s = arg;
	const struct zip_member *m = s->member;
	if (n > m->size - s->at)
		return error_set(err, CKPT_ECORRUPT, s->source->path, (int64_t)m->data,
				 "the member ends within the array's header");
	const int r = m->method == ZIP_DEFLATED
			      ? inflate_read(&s->inflater, buf, n, err)
			      : source_read(s->source, m->data + s->at, buf, n, err);
	s->at += n;
	return r;
}

static bool is_array(const struct zip_member *m)
{
	return m->name_len >= 4 && !memcmp(m->name + m->name_len - 4, ".npy", 4);
}

/* The piece of a member whose header has been read. */
static int add_piece(struct arrays *s, struct ckpt_tensor *t, const struct zip_member *m,
		     const struct npy *n, uint32_t header_crc, struct ckpt_error *why,
		     struct ckpt_error *err)
{
	const bool packed = m->method == ZIP_DEFLATED;
	const uint64_t left = m->size - n->header;
	if (left != n->size) {
		error_set(why, CKPT_ECORRUPT, NULL, (int64_t)m->data,
			  "%" PRIu64
			  " bytes follow the array's header, it needs %" PRIu64,
			  left, n->size);
		return arrays_problem(s, t, 0, why, err);
	}
	struct ckpt_piece *p =
		arrays_npy(s, t, n, 0, m->data + (packed ? 0 : n->header), err);
	if (!p)
		return -1;
	p->packed = packed;
	p->has_crc32 = true;
	p->crc = crc32_rest(m->crc32, header_crc, left);
	return 0;
}

static int add_member(struct arrays *s, struct member_source *from,
		      const struct zip_member *m, struct ckpt_error *err)
{
	struct npy n = { .rank = -1 };
	struct ckpt_error why = { 0 };
	uint32_t crc;
	struct ckpt_tensor *t = arrays_add(s, m->name, m->name_len - 4, err);
	if (!t)
		return -1;
	if (m->problem)
		return arrays_problem(s, t, 0, m->problem, err);
	from->member = m;
	from->at = 0;
	if (m->method == ZIP_DEFLATED &&
	    inflate_begin(&from->inflater, read_source, from->source, from->source->path,
			  m->data, m->stored, err))
		return -1;
	const int r = npy_read(&n, s->arena, next_bytes, from, &crc, &why);
	if (n.rank >= 0 && arrays_shape(s, t, n.dims, n.rank, n.elements, err))
		return -1;
	if (!r)
		return add_piece(s, t, m, &n, crc, &why, err);
	if (!*why.file) /* counted from the member's beginning */
		why.offset = (int64_t)m->data +
			     (why.offset > 0 && m->method == ZIP_STORED ? why.offset : 0);
	return why.code == CKPT_ENOMEM || why.code == CKPT_ELIMIT || why.code == CKPT_EIO
		       ? error_copy(err, &why)
		       : arrays_problem(s, t, 0, &why, err);
}

static int read_members(struct arrays *s, struct source *source, struct ckpt_error *err)
{
	struct member_source from = { .source = source };
	int r = zip_open(&s->zip, s->arena, source, err);
	for (size_t i = 0; !r && i < s->zip.n; i++)
		if (is_array(&s->zip.members[i]))
			r = add_member(s, &from, &s->zip.members[i], err);
	inflate_drop(&from.inflater);
	return r ? r : arrays_end(s, err);
}

static int npz_open(struct ckpt *c, struct ckpt_error *err)
{
	struct source source;
	struct arrays *s = arrays_begin(c, c->at.files, 1, err);
	if (!s || source_open(&source, s->paths[0], err))
		return -1;
	s->expected[0] = source.size;
	s->seen[0] = source.identity;
	const int r = read_members(s, &source, err);
	source_close(&source);
	return r;
}

/* Whoever unpacks an archive makes files of its members' names. */
static bool leads_out(const struct zip_member *m)
{
	const char *p = m->name, *end = m->name + m->name_len;
	if (p == end || *p == '/' || memchr(p, '\\', m->name_len) ||
	    memchr(p, '\0', m->name_len))
		return true;
	while (p < end) {
		const char *slash = memchr(p, '/', (size_t)(end - p));
		const size_t len = (size_t)((slash ? slash : end) - p);
		if (len == 2 && p[0] == '.' && p[1] == '.')
			return true;
		p += len + (slash != NULL);
	}
	return false;
}

static int npz_check(struct ckpt *c, ckpt_finding_fn fn, void *arg,
		     struct ckpt_error *err)
{
	struct arrays *s = c->state;
	const struct finder f = { fn, arg, NULL };
	(void)err;
	arrays_check_files(s, &f, FOUND_TRAILING);
	for (size_t i = 0; i < s->zip.n; i++) {
		const struct zip_member *m = &s->zip.members[i];
		const bool folder = m->name_len && m->name[m->name_len - 1] == '/';
		if (leads_out(m))
			finding_emit(
				&f, FOUND_MEMBER_NAME, NULL, s->paths[0],
				(int64_t)m->local, -1,
				"a member is called '%.200s', which leads out of the "
				"folder that the archive is unpacked in",
				m->name);
		if (!is_array(m) && !folder)
			finding_emit(&f, FOUND_OTHER_MEMBER, NULL, s->paths[0],
				     (int64_t)m->local, (int64_t)m->stored,
				     "the member '%.200s' is no array; it is not looked "
				     "at",
				     m->name);
	}
	return 0;
}

const struct reader reader_npz = {
	.name = "NumPy archive",
	.open = npz_open,
	.check = npz_check,
	ARRAYS_READER,
};
