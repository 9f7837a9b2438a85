/* fingerprint.h — FarmHash's Fingerprint64, by which a SavedModel knows its checkpoint.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FINGERPRINT_H
#define BASE_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

/* fingerprint.pb's checkpoint_hash is this, of the whole .index file
 * (tensorflow/cc/saved_model/fingerprinting.cc). */
uint64_t fingerprint64(const void *p, size_t n);

#endif
