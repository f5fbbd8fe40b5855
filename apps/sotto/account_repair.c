/*
 * account_repair.c - shows the damage of a credential file, and sets it aside
 * when the operator wants that.
 *
 * A lost line can be one that disabled an account, changed its password or
 * revoked a device: what the file says afterwards may be older than what was
 * acknowledged. The server does not start on such a file; a person must have
 * seen this first.
 */
#include "apps/sotto/account_inner.h"
#include <stdio.h>
#include <string.h>

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void show(const struct account_app *app)
{
    const struct sotto_accounts_report *report = &app->report;

    (void)printf("%s is damaged.\n", app->file);
    (void)printf("  first at       line %llu, byte %llu: %s\n",
                 (unsigned long long)report->line,
                 (unsigned long long)report->offset, report->reason);
    (void)printf("  damaged        %u line%s\n", (unsigned)report->damaged,
                 plural(report->damaged));
    (void)printf("  missing        %u change%s, by the numbers of the lines\n",
                 (unsigned)report->missing, plural(report->missing));
    if (report->torn_tail) {
        (void)puts("  unfinished     the last line, which was never "
                   "acknowledged: no loss");
    }
    (void)puts(
        "\nEach damaged or missing line was one change to one account. What it "
        "changed is\nlost: an account that was made may be gone; one that was "
        "disabled or removed may\nlog in again, and so may a device that was "
        "revoked; an old password may be valid\nagain. Is there a copy of the "
        "file from before the damage, then that is the\nbetter choice.\n\nThe "
        "repair keeps all intact lines and puts the damaged ones into\n"
        "credentials.damaged beside it. Look through 'sotto account list' "
        "afterwards,\nand disable, reset or revoke what is in doubt.\n");
}

static int set_aside(struct account_app *app)
{
    struct sotto_accounts_report report = {0};
    struct sotto_io io = {0};
    enum sotto_err err =
        sotto_accounts_repair(&app->files, &app->random, &report, &io);

    if (err == SOTTO_OK) {
        err = path_wait(app->loop, &io, NULL);
    }
    if (err != SOTTO_OK) {
        return account_fail(app,
                            "the repair failed, the old file is still in "
                            "place: ",
                            port_last_error(app->port), " (",
                            sotto_err_name(err), ")", NULL);
    }
    int code = account_need(app); /* is it whole now? */
    if (code == ACCOUNT_EXIT_OK) {
        const size_t count = sotto_accounts_count(app->accounts);
        (void)printf("Done: %zu account%s kept, %u line%s set aside.\n", count,
                     plural(count), (unsigned)report.damaged,
                     plural(report.damaged));
    }
    return code;
}

int account_repair(struct account_app *app)
{
    enum sotto_err err = account_open(app);

    if (err == SOTTO_OK) {
        (void)printf("%s is not damaged%s: nothing to do.\n", app->file,
                     app->report.torn_tail
                         ? ", but for an unfinished last line, which was never "
                           "acknowledged and is dropped now"
                         : "");
        return ACCOUNT_EXIT_OK;
    }
    if (err != SOTTO_ERR_FORMAT) {
        return account_fail(app, "cannot read ", app->file, ": ",
                            port_last_error(app->port), " (",
                            sotto_err_name(err), ")", NULL);
    }
    show(app);
    int code =
        account_confirm(app, "Repair it so? yes or no: ", "to repair it");
    return code == ACCOUNT_EXIT_OK ? set_aside(app) : code;
}
