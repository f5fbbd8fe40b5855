#include "apps/bench/process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STOP_MS 20000U /* a server may take long to bring its log to the disk */

/* ---- processors --------------------------------------------------------- */

void process_cores_allowed(struct process_cores *cores)
{
    cpu_set_t set;

    cores->count = 0;
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return;
    }
    for (uint16_t at = 0; at < CPU_SETSIZE && cores->count < PROCESS_CORES_MAX;
         at++) {
        if (CPU_ISSET(at, &set)) {
            cores->at[cores->count++] = at;
        }
    }
}

static bool parse_core(const char **text, uint16_t *core)
{
    char *end = NULL;

    if (!isdigit((unsigned char)**text)) {
        return false;
    }
    const unsigned long value = strtoul(*text, &end, 10);
    *text = end;
    *core = (uint16_t)value;
    return value < CPU_SETSIZE;
}

/* "2" or "2-5". */
static bool parse_range(const char **text, uint16_t *first, uint16_t *last)
{
    if (!parse_core(text, first)) {
        return false;
    }
    *last = *first;
    if (**text != '-') {
        return true;
    }
    (*text)++;
    return parse_core(text, last) && *last >= *first;
}

/* False when there is no room for all of them. */
static bool add_range(struct process_cores *cores, uint16_t first,
                      uint16_t last)
{
    for (uint16_t at = first; at <= last; at++) {
        if (cores->count == PROCESS_CORES_MAX) {
            return false;
        }
        cores->at[cores->count++] = at;
    }
    return true;
}

const char *process_cores_parse(const char *text, struct process_cores *cores)
{
    static const char wrong[] = "is not a list of processors, as 0,2 or 0-3";
    struct process_cores found = {.count = 0};
    uint16_t first = 0;
    uint16_t last = 0;

    do {
        if (!parse_range(&text, &first, &last) ||
            (*text != 0 && *text != ',')) {
            return wrong;
        }
        if (!add_range(&found, first, last)) {
            return "names too many processors";
        }
    } while (*text++ == ',');
    if (cores != NULL) {
        *cores = found;
    }
    return NULL;
}

enum sotto_err process_pin(const struct process_cores *cores)
{
    cpu_set_t set;

    if (cores->count == 0) {
        return SOTTO_OK;
    }
    CPU_ZERO(&set);
    for (size_t at = 0; at < cores->count; at++) {
        CPU_SET(cores->at[at], &set);
    }
    return sched_setaffinity(0, sizeof set, &set) == 0 ? SOTTO_OK
                                                       : SOTTO_ERR_IO;
}

/* ---- a program ---------------------------------------------------------- */

/* In the child, until it is the other program. */
static _Noreturn void become(const char *const *argv, int log,
                             const struct process_cores *cores)
{
    char *words[64];
    size_t count = 0;

    while (argv[count] != NULL && count + 1 < sizeof words / sizeof *words) {
        words[count] = strdup(argv[count]);
        count++;
    }
    words[count] = NULL;
    if (words[0] != NULL && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
        getppid() != 1 && process_pin(cores) == SOTTO_OK &&
        dup2(log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0) {
        (void)execv(words[0], words);
    }
    (void)fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

enum sotto_err process_start(const char *const *argv, const char *log,
                             const struct process_cores *cores, int *pid)
{
    const int out =
        open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (out < 0) {
        return SOTTO_ERR_IO;
    }
    const pid_t child = fork();
    if (child == 0) {
        become(argv, out, cores);
    }
    (void)close(out);
    if (child < 0) {
        return SOTTO_ERR_IO;
    }
    *pid = child;
    return SOTTO_OK;
}

bool process_is_running(int pid)
{
    return waitpid(pid, NULL, WNOHANG) == 0;
}

static void sleep_ms(unsigned ms)
{
    const struct timespec time = {.tv_sec = ms / 1000,
                                  .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&time, NULL);
}

bool process_stop(int pid)
{
    int status = 0;

    (void)kill(pid, SIGTERM);
    for (unsigned ms = 0; ms < STOP_MS; ms += 5) {
        if (waitpid(pid, &status, WNOHANG) == pid) {
            return WIFEXITED(status) && WEXITSTATUS(status) == 0;
        }
        sleep_ms(5);
    }
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, &status, 0);
    return false;
}

/* ---- what it uses ------------------------------------------------------- */

/* The text of /proc/PID/NAME, cut to `cap`. */
static bool read_proc(int pid, const char *name, char *out, size_t cap)
{
    char path[PROCESS_PATH_MAX];

    (void)snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    const size_t len = fread(out, 1, cap - 1, file);
    out[len] = 0;
    (void)fclose(file);
    return len > 0;
}

/* Nanoseconds that the threads were ready and did not run. */
static uint64_t waited_ns(int pid)
{
    char path[64];
    char text[128];
    uint64_t sum = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return 0;
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL;
         entry = readdir(folder)) {
        char name[300];
        char *at = text;
        (void)snprintf(name, sizeof name, "task/%s/schedstat", entry->d_name);
        if (isdigit((unsigned char)entry->d_name[0]) &&
            read_proc(pid, name, text, sizeof text)) {
            (void)strtoull(at, &at, 10);
            sum += strtoull(at, NULL, 10);
        }
    }
    (void)closedir(folder);
    return sum;
}

/* The 15th number of the line; the name in brackets may hold anything. */
static uint64_t kernel_ns(int pid)
{
    char text[1024];
    const long ticks = sysconf(_SC_CLK_TCK);

    if (!read_proc(pid, "stat", text, sizeof text) || ticks <= 0) {
        return 0;
    }
    char *at = strrchr(text, ')');
    for (int skipped = 0; at != NULL && skipped < 13; skipped++) {
        at = strchr(at + 1, ' ');
    }
    return at == NULL
               ? 0
               : strtoull(at, NULL, 10) * (1000000000U / (uint64_t)ticks);
}

bool process_use(int pid, struct process_use *use)
{
    clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;
    struct timespec time;

    if ((pid != 0 && clock_getcpuclockid(pid, &clock) != 0) ||
        clock_gettime(clock, &time) != 0) {
        return false;
    }
    const int named = pid != 0 ? pid : getpid();
    use->cpu_ns = (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
    use->kernel_ns = kernel_ns(named);
    use->wait_ns = waited_ns(named);
    return true;
}

bool process_memory(int pid, uint64_t *bytes)
{
    char text[4096];
    static const char key[] = "RssAnon:";

    if (!read_proc(pid, "status", text, sizeof text)) {
        return false;
    }
    const char *at = strstr(text, key);
    if (at == NULL) {
        return false;
    }
    *bytes = strtoull(at + sizeof key - 1, NULL, 10) * 1024;
    return true;
}

enum sotto_err process_files(size_t count)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return SOTTO_ERR_SPACE;
    }
    if (limit.rlim_cur >= count) {
        return SOTTO_OK;
    }
    limit.rlim_cur = count;
    if (limit.rlim_max < count) {
        limit.rlim_max = count; /* for who may */
    }
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? SOTTO_OK : SOTTO_ERR_SPACE;
}

/* ---- folders ------------------------------------------------------------ */

bool process_program_folder(char out[static PROCESS_PATH_MAX])
{
    const ssize_t len = readlink("/proc/self/exe", out, PROCESS_PATH_MAX - 1);
    if (len <= 0) {
        return false;
    }
    out[len] = 0;
    char *slash = strrchr(out, '/');
    if (slash == NULL) {
        return false;
    }
    *slash = 0;
    return true;
}

bool process_folder_make(const char *parent, char out[static PROCESS_PATH_MAX])
{
    const char *place = parent != NULL ? parent : getenv("TMPDIR");
    const int len = snprintf(out, PROCESS_PATH_MAX, "%s/sotto-bench.XXXXXX",
                             place != NULL ? place : "/tmp");
    return len > 0 && len < PROCESS_PATH_MAX && mkdtemp(out) != NULL;
}

static int remove_one(const char *path, const struct stat *status, int kind,
                      struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    (void)remove(path);
    return 0;
}

void process_folder_remove(const char *path)
{
    (void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
