/* What is made of a group's messages, with threads for processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "local_group.h"

static void assert_all_ok(const member *members, size_t ranks)
{
    for (size_t r = 0; r < ranks; r++)
        if (members[r].status != GAZE_OK) fail_msg("rank %zu: %s", r, members[r].message);
}

static gaze_status gather(member *m)
{
    gz_group opened, *group = gz_group_open(&m->calls, &opened);
    for (int round = 0; round < 50; round++) {
        const int mine = 100 * round + (int)m->calls.rank;
        int all[LOCAL_MOST];
        GZ_TRY(gz_group_gather(group, &mine, all, sizeof mine));
        for (size_t r = 0; r < m->calls.ranks; r++)
            if (all[r] != 100 * round + (int)r)
                return gz_fail(GAZE_ERROR_DATA, "round %d, rank %zu: %d", round, r, all[r]);
    }
    return GAZE_OK;
}

static void gather_gives_all_in_the_order_of_ranks(void **state)
{
    (void)state;
    member *members = local_group(4, gather, NULL);
    work_in_threads(members);
    assert_all_ok(members, 4);
    disband(members);
}

static gaze_status broadcast(member *m)
{
    gz_group opened, *group = gz_group_open(&m->calls, &opened);
    double data[3] = {(double)m->calls.rank + 1, 2, 3};
    GZ_TRY(gz_group_broadcast(group, data, sizeof data));
    return data[0] == 1 ? GAZE_OK : gz_fail(GAZE_ERROR_DATA, "%g", data[0]);
}

static void broadcast_gives_what_rank_0_has(void **state)
{
    (void)state;
    member *members = local_group(3, broadcast, NULL);
    work_in_threads(members);
    assert_all_ok(members, 3);
    disband(members);
}

static gaze_status agree(member *m)
{
    gz_group opened, *group = gz_group_open(&m->calls, &opened);
    const bool *fails = m->user;
    const gaze_status own = *fails ? gz_fail(GAZE_ERROR_DATA, "file x is missing") : GAZE_OK;
    return gz_group_end(group, gz_group_agree(group, own));
}

static void assert_agree(bool a, bool b, bool c, gaze_status status, const char *message)
{
    bool fails[] = {a, b, c};
    member *members = local_group(3, agree, (void *[]){&fails[0], &fails[1], &fails[2]});
    work_in_threads(members);
    for (size_t r = 0; r < 3; r++) {
        assert_int_equal(members[r].status, status);
        assert_string_equal(members[r].message, message);
        assert_false(members[r].failed);
    }
    disband(members);
}

static void all_get_the_message_of_the_first_that_failed(void **state)
{
    (void)state;
    assert_agree(false, false, false, GAZE_OK, "");
    assert_agree(false, true, true, GAZE_ERROR_DATA, "rank 1 of 3: file x is missing");
    assert_agree(true, true, true, GAZE_ERROR_DATA, "file x is missing");
}

static gaze_status fail_alone(member *m)
{
    gz_group opened, *group = gz_group_open(&m->calls, &opened);
    return gz_group_end(group, m->calls.rank == 1 ? gz_fail(GAZE_ERROR_DEVICE, "mine alone") : GAZE_OK);
}

static void a_failure_that_others_do_not_know_ends_them(void **state)
{
    (void)state;
    member *members = local_group(2, fail_alone, NULL);
    work_in_threads(members);
    assert_false(members[0].failed);
    assert_true(members[1].failed);
    disband(members);
}

static bool never(void *user)
{
    (void)user;
    return false;
}

/* Rank 1 never comes. */
static gaze_status wait_in_vain(member *m)
{
    gz_group opened, *group = gz_group_open(&m->calls, &opened);
    int mine = 1, all[LOCAL_MOST];
    if (m->calls.rank == 1) return GAZE_OK;
    group->go_on = never;
    return gz_group_gather(group, &mine, all, sizeof mine);
}

static void nobody_is_waited_for_after_a_stop(void **state)
{
    (void)state;
    member *members = local_group(2, wait_in_vain, NULL);
    work_in_threads(members);
    assert_int_equal(members[0].status, GAZE_ERROR_DEVICE);
    assert_non_null(strstr(members[0].message, "without the other processes"));
    disband(members);
}

static void one_process_is_no_group(void **state)
{
    (void)state;
    gz_group group;
    const gaze_group one = {.ranks = 1}, two = {.ranks = 2};
    assert_null(gz_group_open(NULL, &group));
    assert_null(gz_group_open(&one, &group));
    assert_ptr_equal(gz_group_open(&two, &group), &group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gather_gives_all_in_the_order_of_ranks),
        cmocka_unit_test(broadcast_gives_what_rank_0_has),
        cmocka_unit_test(all_get_the_message_of_the_first_that_failed),
        cmocka_unit_test(a_failure_that_others_do_not_know_ends_them),
        cmocka_unit_test(nobody_is_waited_for_after_a_stop),
        cmocka_unit_test(one_process_is_no_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
