/*
 * resolve.c - host names, by getaddrinfo in a thread for each look-up.
 *
 * getaddrinfo cannot be called off. A stream that is closed meanwhile lets go
 * of the look-up, and the thread throws its answer away whenever it comes.
 */
#include "port/posix/posix.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static void lock(struct posix_lookup *lookup)
{
    POSIX_ASSERT(pthread_mutex_lock(&lookup->lock) == 0);
}

/* Unlocks, and frees it when nobody holds it. */
static void unlock(struct posix_lookup *lookup)
{
    bool last = lookup->holders == 0;
    POSIX_ASSERT(pthread_mutex_unlock(&lookup->lock) == 0);
    if (last) {
        if (lookup->found != NULL) {
            freeaddrinfo(lookup->found);
        }
        (void)pthread_mutex_destroy(&lookup->lock);
        free(lookup);
    }
}

/* ---- in the thread ---------------------------------------------------- */

static void set_port(struct addrinfo *found, uint16_t tcp_port)
{
    for (struct addrinfo *at = found; at != NULL; at = at->ai_next) {
        if (at->ai_family == AF_INET) {
            struct sockaddr_in v4;
            memcpy(&v4, at->ai_addr, sizeof v4);
            v4.sin_port = htons(tcp_port);
            memcpy(at->ai_addr, &v4, sizeof v4);
        } else if (at->ai_family == AF_INET6) {
            struct sockaddr_in6 v6;
            memcpy(&v6, at->ai_addr, sizeof v6);
            v6.sin6_port = htons(tcp_port);
            memcpy(at->ai_addr, &v6, sizeof v6);
        }
    }
}

/* Leaves it in the loop's list; what the thread held, the loop holds now. */
static void deliver(struct posix_lookup *lookup)
{
    struct port_loop *loop = lookup->loop;
    POSIX_ASSERT(pthread_mutex_lock(&loop->lock) == 0);
    lookup->next = loop->found;
    loop->found = lookup;
    POSIX_ASSERT(pthread_mutex_unlock(&loop->lock) == 0);
    posix_loop_ring(loop);
}

static void *lookup_main(void *arg)
{
    struct posix_lookup *lookup = arg;
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int code = getaddrinfo(lookup->host, NULL, &hints, &found);
    int cause = code == EAI_SYSTEM ? errno : code;
    if (code == 0) {
        set_port(found, lookup->port);
    }
    lock(lookup);
    lookup->found = code == 0 ? found : NULL;
    lookup->at = lookup->found;
    lookup->cause = cause;
    if (lookup->loop != NULL) {
        deliver(lookup); /* under the lock, so that the loop is still there */
    } else {
        lookup->holders--;
    }
    unlock(lookup);
    return NULL;
}

/* ---- in the loop ------------------------------------------------------ */

static int start_thread(struct posix_lookup *lookup)
{
    pthread_attr_t detached;
    int code = pthread_attr_init(&detached);
    if (code != 0) {
        return code;
    }
    (void)pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    sigset_t before;
    posix_signals_block(&before);
    pthread_t id;
    code = pthread_create(&id, &detached, lookup_main, lookup);
    posix_signals_unblock(&before);
    (void)pthread_attr_destroy(&detached);
    return code;
}

enum sotto_err posix_lookup_start(struct port_stream *stream, const char *host,
                                  uint16_t tcp_port)
{
    struct posix_lookup *lookup = calloc(1, sizeof *lookup);
    if (lookup == NULL || pthread_mutex_init(&lookup->lock, NULL) != 0) {
        free(lookup);
        return posix_fail(ENOMEM);
    }
    lookup->holders = 2;
    lookup->loop = stream->source.loop;
    lookup->stream = stream;
    lookup->port = tcp_port;
    memcpy(lookup->host, host, strlen(host)); /* checked by is_host() */
    if (start_thread(lookup) != 0) {
        (void)pthread_mutex_destroy(&lookup->lock);
        free(lookup);
        return posix_fail(ENOMEM);
    }
    stream->of.lookup = lookup;
    stream->source.state = POSIX_RESOLVING;
    return SOTTO_OK;
}

void posix_lookup_drop(struct posix_lookup *lookup)
{
    lock(lookup);
    lookup->loop = NULL;
    lookup->stream = NULL;
    lookup->holders--;
    unlock(lookup);
}

void posix_lookups_take(struct port_loop *loop)
{
    POSIX_ASSERT(pthread_mutex_lock(&loop->lock) == 0);
    struct posix_lookup *lookup = loop->found;
    loop->found = NULL;
    POSIX_ASSERT(pthread_mutex_unlock(&loop->lock) == 0);
    while (lookup != NULL) {
        struct posix_lookup *next = lookup->next;
        if (lookup->stream != NULL) { /* changed by this thread only */
            lookup->stream->cause = (int16_t)lookup->cause;
            posix_connect_next(lookup->stream);
        }
        lock(lookup);
        lookup->holders--; /* what the thread held */
        unlock(lookup);
        lookup = next;
    }
}
