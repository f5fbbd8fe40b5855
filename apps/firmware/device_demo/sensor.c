#include "apps/firmware/device_demo/sensor.h"

#include <string.h>

#define USUAL      215
#define LIMIT      300
#define HYSTERESIS 10 /* an alarm is over so far below the limit */

void sensor_init(struct sensor *sensor)
{
    *sensor = (struct sensor){.tenths = USUAL, .limit = LIMIT};
}

void sensor_measure(struct sensor *sensor, int32_t tenths)
{
    sensor->tenths = tenths;
}

bool sensor_is_asked(struct sotto_span text, const char *name,
                     struct sotto_span *request)
{
    *request = text;
    struct sotto_span to = text_next_word(request);
    if (to.len == 0 || to.at[0] != '@') {
        return false;
    }
    to = (struct sotto_span){to.at + 1, to.len - 1};
    return text_is(to, name);
}

static void describe(const struct sensor *sensor, struct text *text)
{
    text_add_tenths(text, sensor->tenths);
    text_add(text, " C, limit ");
    text_add_tenths(text, sensor->limit);
    text_add(text, " C");
}

void sensor_answer(struct sensor *sensor, struct sotto_span request,
                   struct sotto_span from, struct text *answer)
{
    const struct sotto_span verb = text_next_word(&request);
    const struct sotto_span value = text_next_word(&request);
    int32_t limit = 0;
    text_begin(answer, "");
    if (text_is(verb, "status") && value.len == 0) {
        describe(sensor, answer);
    } else if (text_is(verb, "limit") && text_read_tenths(value, &limit)) {
        sensor->limit = limit;
        text_add(answer, "limit ");
        text_add_tenths(answer, limit);
        text_add(answer, " C, by ");
        text_add_span(answer, from);
    } else {
        text_add(answer, "I understand: status, limit DEGREES");
    }
}

static bool is_too_warm(const struct sensor *sensor)
{
    const int32_t end = sensor->limit - (sensor->is_alarmed ? HYSTERESIS : 0);
    return sensor->tenths > end;
}

bool sensor_has_news(const struct sensor *sensor, struct text *news)
{
    if (is_too_warm(sensor) == sensor->is_alarmed) {
        return false;
    }
    text_begin(news, sensor->is_alarmed ? "all is well again: " : "ALARM: ");
    describe(sensor, news);
    return true;
}

void sensor_was_told(struct sensor *sensor)
{
    sensor->is_alarmed = !sensor->is_alarmed;
}
