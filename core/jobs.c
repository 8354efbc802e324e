#include "core/jobs.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include "core/checked.h"

unsigned jobs_for(uint64_t asked, uint64_t bytes, uint64_t each)
{
	uint64_t jobs = asked;
	if (!jobs) {
		cpu_set_t cpus;
		int count = sched_getaffinity(0, sizeof(cpus), &cpus) ? 1 : CPU_COUNT(&cpus);
		jobs = MIN((uint64_t)count, bytes / each + 1);
	}
	return (unsigned)MIN(MAX(jobs, UINT64_C(1)), (uint64_t)JOBS_MAX);
}

void jobs_run(unsigned jobs, void *(*run)(void *item), void *items, size_t size)
{
	struct {
		pthread_t thread;
		bool started;
	} threads[JOBS_MAX];
	jobs = MIN(jobs, (unsigned)JOBS_MAX);
	for (unsigned i = 1; i < jobs; i++)
		threads[i].started = pthread_create(&threads[i].thread, NULL, run,
						    (char *)items + i * size) == 0;
	run(items);
	for (unsigned i = 1; i < jobs; i++)
		if (threads[i].started)
			pthread_join(threads[i].thread, NULL);
}
