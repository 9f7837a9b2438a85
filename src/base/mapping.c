/* mapping.c — files in memory, for programs that let us have SIGBUS.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The handler finds the mapping by the address of the fault in a table of slots; all that
 * it calls is mmap(2). A fault elsewhere gets what it would have got without us.
 */
#include "config.h"

#include "base/mapping.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SLOTS = 4096, WORTH_IT = 1 << 20 };

/* Written by the threads that map, read by the handler. */
static struct {
	atomic_uintptr_t begin; /* 0: free */
	atomic_uintptr_t end;
	atomic_bool torn;
} slots[SLOTS];

static atomic_uint faults;
static atomic_bool allowed;
static uintptr_t page_size;
static void (*otherwise)(int);

static void on_fault(int signal_number, siginfo_t *info, void *context)
{
	const uintptr_t at = (uintptr_t)info->si_addr;
	(void)context;
	for (int i = 0; i < SLOTS; i++) {
		if (at < atomic_load(&slots[i].begin) || at >= atomic_load(&slots[i].end))
			continue;
		void *page = (void *)(at & ~(page_size - 1));
		if (mmap(page, page_size, PROT_READ,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
			break;
		atomic_store(&slots[i].torn, true);
		atomic_fetch_add(&faults, 1);
		return;
	}
	signal(signal_number, otherwise ? otherwise : SIG_DFL); /* it faults again */
}

void mapping_allow(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
	sigemptyset(&action.sa_mask);
	if (!sigaction(SIGBUS, &action, NULL))
		atomic_store(&allowed, true);
}

void mapping_otherwise(void (*handler)(int))
{
	otherwise = handler;
}

bool mapping_open(struct mapping *m, int fd, uint64_t size)
{
	*m = (struct mapping){ .p = NULL };
	if (!atomic_load(&allowed) || size < WORTH_IT || size > SIZE_MAX)
		return false;
	void *p = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return false;
	for (int i = 0; i < SLOTS; i++) {
		uintptr_t none = 0;
		if (!atomic_compare_exchange_strong(&slots[i].begin, &none, (uintptr_t)p))
			continue;
		atomic_store(&slots[i].torn, false);
		atomic_store(&slots[i].end, (uintptr_t)p + (size_t)size);
		*m = (struct mapping){ p, (size_t)size, i };
		return true;
	}
	munmap(p, (size_t)size);
	return false;
}

void mapping_close(struct mapping *m)
{
	if (!m->p)
		return;
	atomic_store(&slots[m->slot].end, 0);
	munmap((void *)(uintptr_t)m->p, m->size);
	atomic_store(&slots[m->slot].begin, 0);
	m->p = NULL;
}

unsigned mapping_faults(void)
{
	return atomic_load(&faults);
}

bool mapping_torn(const struct mapping *m)
{
	return m->p && atomic_load(&slots[m->slot].torn);
}

/* A fault maps the pages around as well, as many as the kernel has together: those that
 * another thread has released near the border of its range would come back for good.
 * What is still needed of them is found again. */
void mapping_release(const struct mapping *m, uint64_t offset, uint64_t n)
{
	enum { AROUND = 2 << 20 };
	if (!m->p || !n)
		return;
	const uint64_t begin = offset & ~(uint64_t)(AROUND - 1), last = offset + n - 1;
	const uint64_t end = (last | (AROUND - 1)) + 1;
	const uint64_t size = (m->size + page_size - 1) & ~(uint64_t)(page_size - 1);
	madvise((void *)(uintptr_t)(m->p + begin), (end < size ? end : size) - begin,
		MADV_DONTNEED);
}
