#include "apps/firmware/device_demo/demo.h"

#include <sotto/secret.h>
#include <stdarg.h>
#include <string.h>

#define LEAVE_MS  5000U
#define NEWS_MS   10000U
#define STATE_OWN 4U /* bytes of our own in front of the library's state */
#define KEEP_NEAR 32U

void demo_log(const char *words, ...)
{
    struct text line;
    va_list rest;
    va_start(rest, words);
    text_begin(&line, "device: ");
    for (const char *at = words; at != NULL; at = va_arg(rest, const char *)) {
        text_add(&line, at);
    }
    va_end(rest);
    line.at[line.len < TEXT_MAX ? line.len++ : line.len - 1] = '\n';
    words_write(line.at, line.len);
}

/* ---- what is kept -------------------------------------------------------- */

/* The limit and the library's state, in one step. */
static enum sotto_err store_state(struct demo *demo, uint64_t number)
{
    uint8_t bytes[STATE_OWN + SOTTO_DEVICE_STATE_MAX];
    const uint32_t limit = (uint32_t)demo->sensor.limit;
    for (unsigned i = 0; i < STATE_OWN; i++) {
        bytes[i] = (uint8_t)(limit >> 8U * i);
    }
    const size_t len = sotto_device_state(demo->device, bytes + STATE_OWN);
    enum sotto_err err =
        store_write(&demo->store, STORE_STATE, bytes, STATE_OWN + len);
    sotto_wipe(bytes, sizeof bytes);
    if (err == SOTTO_OK) {
        demo->stored_number = number;
    } else {
        demo_log("cannot store (", sotto_err_name(err), ")", NULL);
    }
    return err;
}

/* Takes the limit, and leaves the library's state in `bytes`. */
static enum sotto_err read_state(struct demo *demo, uint8_t *bytes, size_t cap,
                                 struct sotto_span *state)
{
    size_t len = 0;
    uint32_t limit = 0;
    enum sotto_err err =
        store_read(&demo->store, STORE_STATE, bytes, cap, &len);
    *state = (struct sotto_span){bytes, 0};
    if (err == SOTTO_ERR_NOT_FOUND) {
        return SOTTO_OK; /* the first time */
    }
    if (err == SOTTO_OK && len <= STATE_OWN) {
        err = SOTTO_ERR_FORMAT;
    }
    if (err == SOTTO_OK) {
        for (unsigned i = 0; i < STATE_OWN; i++) {
            limit |= (uint32_t)bytes[i] << 8U * i;
        }
        demo->sensor.limit = (int32_t)limit;
        *state = (struct sotto_span){bytes + STATE_OWN, len - STATE_OWN};
    }
    return err;
}

/* ---- starting ------------------------------------------------------------ */

/* False for a device that came with a code, and speaks for its owner's
 * account. */
static bool is_named(const struct demo *demo)
{
    return demo->settings.name[0] != '\0';
}

static enum sotto_err make_device(struct demo *demo)
{
    uint8_t bytes[STATE_OWN + SOTTO_DEVICE_STATE_MAX];
    struct sotto_device_config config = {
        .name = is_named(demo) ? demo->settings.name : NULL,
        .fingerprint = demo->settings.fingerprint,
        .password = {(const uint8_t *)demo->settings.password,
                     strlen(demo->settings.password)},
        .registers = true,
        .code = demo->settings.code,
        .random = port_random(demo->port),
        .receive_limit = DEMO_RECORD,
        .queue = DEMO_QUEUE};
    enum sotto_err err = read_state(demo, bytes, sizeof bytes, &config.state);
    if (err == SOTTO_OK) {
        err = sotto_device_init(&demo->device, &config, demo->memory,
                                sizeof demo->memory);
    }
    sotto_wipe(bytes, sizeof bytes);
    return err;
}

static void start_device(struct demo *demo)
{
    enum sotto_err err = make_device(demo);
    if (err == SOTTO_OK) {
        const char *name = sotto_device_name(demo->device);
        demo_log(name[0] != '\0' ? name : "new", " at ", demo->settings.host,
                 NULL);
    } else {
        demo->device = NULL;
        demo_log("cannot start (", sotto_err_name(err),
                 "): the settings are wrong, or what was kept is damaged; "
                 "'setup' or 'forget' mends it",
                 NULL);
    }
}

/* The settings, and behind them the password as long as it is kept. */
static enum sotto_err read_settings(struct demo *demo)
{
    uint8_t text[SETTINGS_MAX];
    size_t len = 0;
    size_t more = 0;
    const char *why = NULL;
    enum sotto_err err =
        store_read(&demo->store, STORE_SETTINGS, text, sizeof text, &len);
    if (err != SOTTO_OK) {
        return err;
    }
    err = store_read(&demo->store, STORE_PASSWORD, text + len,
                     sizeof text - len, &more);
    if (err == SOTTO_OK || err == SOTTO_ERR_NOT_FOUND) {
        err = settings_parse(&demo->settings, (const char *)text, len + more,
                             &why);
    }
    sotto_wipe(text, sizeof text);
    return err;
}

void demo_start(struct demo *demo)
{
    enum sotto_err err = read_settings(demo);
    if (err == SOTTO_OK) {
        start_device(demo);
    } else if (err == SOTTO_ERR_NOT_FOUND) {
        demo_log("not set up yet: setup NAME sotto://FINGERPRINT@HOST:PORT "
                 "PASSWORD, or setup sotto://FINGERPRINT@HOST:PORT/device-CODE",
                 NULL);
    } else {
        demo_log("cannot read the settings (", sotto_err_name(err), ")", NULL);
    }
}

static void stop_device(struct demo *demo)
{
    demo_drop_stream(demo);
    if (demo->device != NULL) {
        sotto_device_wipe(demo->device);
        demo->device = NULL;
    }
    demo->news_id = 0;
    demo->sensor.is_alarmed = false; /* the next room has heard nothing yet */
}

/* ---- the room ------------------------------------------------------------ */

static uint64_t say(struct demo *demo, const struct text *text)
{
    uint64_t id = 0;
    enum sotto_err err =
        sotto_device_say(demo->device, text->at, text->len, &id);
    if (err != SOTTO_OK) {
        demo_log("not said (", sotto_err_name(err), "): ", text->at, NULL);
        return 0;
    }
    demo_log("says: ", text->at, NULL);
    return id;
}

/* A request: what it changes is stored together with its number, then it is
 * answered. So it is never carried out twice. */
static void take_request(struct demo *demo, const struct sotto_device_event *e,
                         struct sotto_span request)
{
    struct text answer;
    struct text from;
    const int32_t before = demo->sensor.limit;
    text_begin(&from, "");
    text_add_span(&from, e->from);
    demo_log("asked by ", from.at, NULL);
    sensor_answer(&demo->sensor, request, e->from, &answer);
    if (store_state(demo, e->number) != SOTTO_OK) {
        demo->sensor.limit = before;
        text_begin(&answer, "not done: I cannot store it");
    }
    (void)say(demo, &answer);
}

static void take_message(struct demo *demo, const struct sotto_device_event *e)
{
    struct sotto_span request;
    if ((!e->is_own || !is_named(demo)) &&
        sensor_is_asked(e->text, sotto_device_name(demo->device), &request)) {
        take_request(demo, e, request);
    } else if (e->number >= demo->stored_number + KEEP_NEAR) {
        (void)store_state(demo, e->number); /* less to read after a start */
    }
}

static void tell_offline(struct demo *demo, const struct sotto_device_event *e)
{
    struct text wait;
    char seen[SOTTO_FINGERPRINT_TEXT];
    demo_drop_stream(demo);
    text_begin(&wait, "; not again by itself");
    if (e->retry_ms != SOTTO_DEVICE_NEVER) {
        text_begin(&wait, "; again in ");
        text_add_number(&wait, (e->retry_ms + 999U) / 1000U);
        text_add(&wait, " s");
    }
    demo_log("offline: ", sotto_device_why_text(e->why),
             e->err != SOTTO_OK ? ", " : "",
             e->err != SOTTO_OK ? sotto_err_name(e->err) : "", wait.at, NULL);
    if (e->why == SOTTO_DEVICE_WHY_KEY) {
        sotto_fingerprint_text(e->fingerprint, seen);
        demo_log("it should be ", demo->settings.fingerprint, NULL);
        demo_log("it shows     ", seen, NULL);
        demo_log("'setup' with the new one if it is right; 'retry'", NULL);
    }
    demo->is_done |= demo->is_leaving && e->why == SOTTO_DEVICE_WHY_LEFT;
}

/* It was the right one: from now on the keys made of it are enough. */
static void drop_password(struct demo *demo)
{
    if (demo->settings.password[0] != '\0' &&
        store_state(demo, demo->stored_number) == SOTTO_OK &&
        store_remove(&demo->store, STORE_PASSWORD) == SOTTO_OK) {
        demo->settings.password = ""; /* the device still has it */
    }
}

static void take_event(struct demo *demo, const struct sotto_device_event *e)
{
    switch (e->kind) {
    case SOTTO_DEVICE_SAVE:
        (void)store_state(demo, demo->stored_number);
        break;
    case SOTTO_DEVICE_ONLINE:
        demo_log("online", NULL);
        drop_password(demo);
        break;
    case SOTTO_DEVICE_OFFLINE:
        tell_offline(demo, e);
        break;
    case SOTTO_DEVICE_MISSED:
        demo_log("the server has dropped some of what was said meanwhile",
                 NULL);
        break;
    case SOTTO_DEVICE_MESSAGE:
        take_message(demo, e);
        break;
    case SOTTO_DEVICE_UNSENT:
        demo_log("the server did not store it (", sotto_err_name(e->err), ")",
                 NULL);
        if (e->id == demo->news_id) { /* says it again, in a while */
            sensor_was_told(&demo->sensor);
            demo->news_ms = demo->now_ms + NEWS_MS;
        }
        break;
    case SOTTO_DEVICE_ENTERED:
    case SOTTO_DEVICE_LEFT:
    case SOTTO_DEVICE_SENT:
        break;
    }
}

void demo_take_events(struct demo *demo)
{
    struct sotto_device_event event;
    while (demo->device != NULL && sotto_device_next(demo->device, &event)) {
        take_event(demo, &event);
    }
}

void demo_tell_news(struct demo *demo)
{
    struct text news;
    if (demo->device == NULL || demo->now_ms < demo->news_ms ||
        !sensor_has_news(&demo->sensor, &news)) {
        return;
    }
    demo->news_id = say(demo, &news);
    if (demo->news_id != 0) {
        sensor_was_told(&demo->sensor);
    } else {
        demo->news_ms = demo->now_ms + NEWS_MS;
    }
}

void demo_leave(struct demo *demo)
{
    if (demo->device == NULL || demo->is_leaving) {
        demo->is_done = true;
        return;
    }
    demo->is_leaving = true;
    demo->give_up_ms = demo->now_ms + LEAVE_MS;
    sotto_device_leave(demo->device);
}

/* ---- what is typed here -------------------------------------------------- */

/* A new code makes another device of it, with another key. */
static enum sotto_err forget_login(struct demo *demo)
{
    enum sotto_err err = store_remove(&demo->store, STORE_STATE);
    return err == SOTTO_OK ? store_remove(&demo->store, STORE_PASSWORD) : err;
}

static void set_up(struct demo *demo, struct sotto_span line)
{
    struct settings settings;
    const char *why = NULL;
    enum sotto_err err =
        settings_parse(&settings, (const char *)line.at, line.len, &why);
    const bool has_password = err == SOTTO_OK && settings.password[0] != '\0';
    if (err == SOTTO_OK && !has_password && settings.name[0] != '\0') {
        err = SOTTO_ERR_FORMAT;
        why = "there is no password";
    }
    if (err != SOTTO_OK) {
        demo_log("not set up: ", why, NULL);
        return;
    }
    const size_t kept =
        has_password ? (size_t)(settings.password - settings.text) : line.len;
    err = has_password ? store_write(&demo->store, STORE_PASSWORD,
                                     line.at + kept, line.len - kept)
                       : forget_login(demo);
    if (err == SOTTO_OK) {
        err = store_write(&demo->store, STORE_SETTINGS, line.at, kept);
    }
    if (err != SOTTO_OK) {
        demo_log("not set up: cannot store (", sotto_err_name(err), ")", NULL);
        return;
    }
    stop_device(demo);
    demo_start(demo);
}

static void forget(struct demo *demo)
{
    stop_device(demo);
    sensor_init(&demo->sensor);
    demo->stored_number = 0;
    enum sotto_err err = forget_login(demo);
    if (err == SOTTO_OK) {
        err = store_remove(&demo->store, STORE_SETTINGS);
    }
    demo_log(err == SOTTO_OK ? "all is forgotten" : "cannot forget it", NULL);
}

static void show_status(const struct demo *demo)
{
    struct text text;
    text_begin(&text, "");
    text_add_tenths(&text, demo->sensor.tenths);
    text_add(&text, " C, limit ");
    text_add_tenths(&text, demo->sensor.limit);
    demo_log(text.at, demo->device == NULL ? "; not set up" : "", NULL);
}

void demo_take_line(struct demo *demo, const char *line, size_t len)
{
    struct sotto_span rest = {(const uint8_t *)line, len};
    const struct sotto_span verb = text_next_word(&rest);
    int32_t tenths = 0;
    if (text_is(verb, "temp")) {
        if (text_read_tenths(text_next_word(&rest), &tenths)) {
            sensor_measure(&demo->sensor, tenths);
        } else {
            demo_log("temp DEGREES, as in: temp 21.5", NULL);
        }
    } else if (text_is(verb, "status")) {
        show_status(demo);
    } else if (text_is(verb, "setup")) {
        set_up(demo, rest);
    } else if (text_is(verb, "forget")) {
        forget(demo);
    } else if (text_is(verb, "retry") && demo->device != NULL) {
        sotto_device_retry(demo->device);
    } else {
        demo_log(
            "here: setup NAME ADDRESS PASSWORD, setup ADDRESS/device-CODE, "
            "temp DEGREES, status, retry, forget",
            NULL);
    }
}
