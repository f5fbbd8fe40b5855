/*
 * err.h - the one list of outcomes.
 *
 * Zero is success. Errors are grouped by what the caller does about them.
 * Results are handed back through pointers, which are left untouched on
 * failure unless a function says otherwise. Codes of mbedTLS, of a network
 * stack or of an operating system are translated where they enter.
 */
#ifndef SOTTO_ERR_H
#define SOTTO_ERR_H

#if defined(__GNUC__)
#    define SOTTO_MUST_CHECK __attribute__((warn_unused_result))
#else
#    define SOTTO_MUST_CHECK
#endif

enum sotto_err {
    SOTTO_OK = 0,

    /* The peer's (or a file's) fault: close the link, refuse the input. */
    SOTTO_ERR_FORMAT = -1, /* not what the protocol or file format allows */
    SOTTO_ERR_AUTH = -2,   /* a tag, signature, proof or key does not fit */
    SOTTO_ERR_REPLAY = -3, /* seen before */
    SOTTO_ERR_LIMIT = -4,  /* larger or more than a named limit allows */

    /* Our room: nothing was written; come back with more, or later. */
    SOTTO_ERR_SPACE = -10, /* a buffer, pool or queue of ours is full */

    /* The environment. */
    SOTTO_ERR_RANDOM = -20,      /* no entropy to be had */
    SOTTO_ERR_CRYPTO = -21,      /* a primitive failed or is not built in */
    SOTTO_ERR_IO = -22,          /* a device failed; contents are unknown */
    SOTTO_ERR_FULL = -23,        /* a disk or flash is full; nothing changed */
    SOTTO_ERR_NOT_FOUND = -24,   /* no such file, name or entry */
    SOTTO_ERR_EXISTS = -25,      /* there already */
    SOTTO_ERR_DENIED = -26,      /* permission refused by the system */
    SOTTO_ERR_BUSY = -27,        /* in use: a lock is held, a port is taken */
    SOTTO_ERR_UNSUPPORTED = -28, /* this build or port cannot do it */

    /* The network (ports only). */
    SOTTO_ERR_CLOSED = -30,      /* the peer ended the stream in good order */
    SOTTO_ERR_RESET = -31,       /* the stream broke */
    SOTTO_ERR_REFUSED = -32,     /* nobody listens there */
    SOTTO_ERR_UNREACHABLE = -33, /* no route, or network down */
    SOTTO_ERR_TIMEOUT = -34,     /* no answer in time */
    SOTTO_ERR_NAME = -35,        /* a host name or address cannot be resolved */

    /* Not now (ports only): try again when the wait set says so. */
    SOTTO_ERR_AGAIN = -40
};

/* The name of an error, e.g. "FORMAT"; "UNKNOWN" for a value not above. */
const char *sotto_err_name(enum sotto_err err);

#endif
