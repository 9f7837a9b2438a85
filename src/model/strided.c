/* strided.c — elements of a tensor at even distances: a row or a column of a plane.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Elements that lie close together are taken out of blocks of all that lies there; those
 * far apart are read one by one.
 */
#include "config.h"

#include "model/strided.h"

#include <string.h>

#include "model/reals.h"

enum { FAR_STEP = 64 };

/* As many as a block holds, out of it; step is positive. */
static int take(struct values *v, uint64_t first, uint64_t step, size_t n, uint8_t *out,
		bool backward, struct ckpt_error *err)
{
	const size_t size = v->dtype->size;
	const size_t span = (n - 1) * (size_t)step + 1;
	const uint8_t *data = values_block(v, first, span, err);
	if (!data)
		return -1;
	if (step == 1 && !backward) {
		memcpy(out, data, n * size);
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		memcpy(out + (backward ? n - 1 - i : i) * size,
		       data + i * (size_t)step * size, size);
	return 0;
}

int values_strided(struct values *v, uint64_t first, int64_t step, size_t n, void *out,
		   struct ckpt_error *err)
{
	const bool backward = step < 0;
	const uint64_t by = backward ? 0 - (uint64_t)step : (uint64_t)step;
	const size_t size = v->dtype->size;
	const size_t most = by && by <= FAR_STEP ? (size_t)((BLOCK - 1) / by + 1) : 1;
	uint8_t *to = out;
	for (size_t done = 0; done < n;) {
		const size_t some = n - done < most ? n - done : most;
		const uint64_t at = first + done * (uint64_t)step;
		const uint64_t low = backward ? at - (some - 1) * by : at;
		if (take(v, low, by, some, to + done * size, backward, err))
			return -1;
		done += some;
	}
	return 0;
}
