/*
 * err.c - the names of errors, for logs and tests.
 */
#include <sotto/err.h>

const char *sotto_err_name(enum sotto_err err)
{
    /* No default: the compiler names an error that is missing here. */
    switch (err) {
    case SOTTO_OK:
        return "OK";
    case SOTTO_ERR_FORMAT:
        return "FORMAT";
    case SOTTO_ERR_AUTH:
        return "AUTH";
    case SOTTO_ERR_REPLAY:
        return "REPLAY";
    case SOTTO_ERR_LIMIT:
        return "LIMIT";
    case SOTTO_ERR_SPACE:
        return "SPACE";
    case SOTTO_ERR_RANDOM:
        return "RANDOM";
    case SOTTO_ERR_CRYPTO:
        return "CRYPTO";
    case SOTTO_ERR_IO:
        return "IO";
    case SOTTO_ERR_FULL:
        return "FULL";
    case SOTTO_ERR_NOT_FOUND:
        return "NOT_FOUND";
    case SOTTO_ERR_EXISTS:
        return "EXISTS";
    case SOTTO_ERR_DENIED:
        return "DENIED";
    case SOTTO_ERR_BUSY:
        return "BUSY";
    case SOTTO_ERR_UNSUPPORTED:
        return "UNSUPPORTED";
    case SOTTO_ERR_CLOSED:
        return "CLOSED";
    case SOTTO_ERR_RESET:
        return "RESET";
    case SOTTO_ERR_REFUSED:
        return "REFUSED";
    case SOTTO_ERR_UNREACHABLE:
        return "UNREACHABLE";
    case SOTTO_ERR_TIMEOUT:
        return "TIMEOUT";
    case SOTTO_ERR_NAME:
        return "NAME";
    case SOTTO_ERR_AGAIN:
        return "AGAIN";
    }
    return "UNKNOWN";
}
