/* SPDX-License-Identifier: GPL-2.0-only */
/* One child that ends at once, waited for: what is done again and again. */
#ifndef WORKLOAD_ONE_H
#define WORKLOAD_ONE_H

#include <pthread.h>

#include "workload.h"

static inline void *return_at_once(void *arg)
{
	return arg;
}

static inline void one_thread(void)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, return_at_once, NULL);
	if (!errno)
		errno = pthread_join(thread, NULL);
	if (errno)
		die("thread");
}

static inline void one_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid < 0)
		die("fork");
	reap(pid);
}

#endif
