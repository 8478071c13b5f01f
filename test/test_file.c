#include "scratch.h"

#include <sys/wait.h>
#include <zlib.h>

/* gzip of `bytes`; returns its size. */
static size_t pack(const void *bytes, size_t size, unsigned char *out, size_t room)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (z_const Bytef *)bytes;
    z.avail_in = (uInt)size;
    z.next_out = out;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return room - z.avail_out;
}

static size_t pack_numbers(unsigned char *out, size_t room)
{
    unsigned char bytes[1000];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i * i % 251);
    return pack(bytes, sizeof bytes, out, room);
}

static void a_file_is_read_whole_with_a_zero_behind(void **state)
{
    (void)state;
    char *bytes;
    size_t size;
    assert_done(gz_file_read(write_scratch("read", "a\0b", 3), 3, &bytes, &size));
    assert_int_equal(size, 3);
    assert_memory_equal(bytes, "a\0b", 4);
    free(bytes);
}

static void a_pipe_is_read_to_its_end(void **state)
{
    (void)state;
    const char *path = scratch_path("pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    const pid_t child = fork();
    if (child == 0) {
        char block[1000];
        memset(block, 7, sizeof block);
        const int fd = open(path, O_WRONLY);
        for (int i = 0; i < 200; i++)
            if (write(fd, block, sizeof block) != sizeof block) _exit(1);
        _exit(0);
    }
    char *bytes;
    size_t size;
    assert_done(gz_file_read(path, 1 << 20, &bytes, &size));
    assert_int_equal(size, 200000);
    assert_int_equal(bytes[199999], 7);
    free(bytes);
    waitpid(child, NULL, 0);
}

static void a_file_above_the_limit_is_refused(void **state)
{
    (void)state;
    char *bytes;
    size_t size;
    const char *path = write_scratch("large", "12345", 5);
    assert_refused(gz_file_read(path, 4, &bytes, &size), GAZE_ERROR_DATA, path, "4 B", NULL);
}

static void missing_files_and_folders_are_named(void **state)
{
    (void)state;
    char *bytes;
    size_t size;
    const char *path = scratch_path("nothing");
    assert_refused(gz_file_read(path, 4, &bytes, &size), GAZE_ERROR_DATA, path, "No such file", NULL);
    assert_refused(gz_file_read(scratch_folder, 4, &bytes, &size), GAZE_ERROR_DATA, scratch_folder,
                   "is a folder", NULL);
}

static void gzip_is_inflated_and_other_files_are_left_alone(void **state)
{
    (void)state;
    unsigned char packed[2000];
    char *bytes;
    size_t size;
    const size_t packed_size = pack_numbers(packed, sizeof packed);
    assert_done(gz_file_read_gz(write_scratch("a.gz", packed, packed_size), 1000, &bytes, &size));
    assert_int_equal(size, 1000);
    assert_int_equal((unsigned char)bytes[999], 999 * 999 % 251);
    free(bytes);
    assert_done(gz_file_read_gz(write_scratch("plain", "plain", 5), 1000, &bytes, &size));
    assert_string_equal(bytes, "plain");
    free(bytes);
}

static void gzip_members_follow_each_other(void **state)
{
    (void)state;
    unsigned char packed[400];
    char *bytes;
    size_t size, packed_size = pack("first ", 6, packed, 200);
    packed_size += pack("second", 6, packed + packed_size, 200);
    assert_done(gz_file_read_gz(write_scratch("two.gz", packed, packed_size), 100, &bytes, &size));
    assert_string_equal(bytes, "first second");
    free(bytes);
}

static void truncated_gzip_names_the_byte_where_it_ends(void **state)
{
    (void)state;
    unsigned char packed[2000];
    char *bytes, at[64];
    size_t size;
    const size_t packed_size = pack_numbers(packed, sizeof packed);
    for (size_t cut = 2; cut < packed_size; cut++) {
        const char *path = write_scratch("cut.gz", packed, cut);
        snprintf(at, sizeof at, "ends at byte %zu,", cut);
        assert_refused(gz_file_read_gz(path, 1 << 20, &bytes, &size), GAZE_ERROR_DATA, path, "truncated", at,
                       NULL);
    }
}

static void damaged_gzip_is_refused_wherever_the_damage_is(void **state)
{
    (void)state;
    unsigned char packed[2000];
    char *bytes;
    size_t size;
    const size_t packed_size = pack_numbers(packed, sizeof packed);
    for (size_t at = 10; at < packed_size; at++) {
        packed[at] ^= 0x10;
        const char *path = write_scratch("bad.gz", packed, packed_size);
        assert_refused(gz_file_read_gz(path, 1 << 20, &bytes, &size), GAZE_ERROR_DATA, path, "byte", NULL);
        packed[at] ^= 0x10;
    }
}

static void a_wrong_checksum_names_its_byte(void **state)
{
    (void)state;
    unsigned char packed[2000];
    char *bytes, at[64];
    size_t size;
    const size_t packed_size = pack_numbers(packed, sizeof packed);
    packed[packed_size - 8] ^= 1;
    snprintf(at, sizeof at, "damaged at byte %zu of %zu: incorrect data check", packed_size - 4, packed_size);
    assert_refused(gz_file_read_gz(write_scratch("crc.gz", packed, packed_size), 1 << 20, &bytes, &size),
                   GAZE_ERROR_DATA, at, NULL);
}

static void bytes_behind_gzip_data_are_refused(void **state)
{
    (void)state;
    unsigned char packed[2000];
    char *bytes, at[64];
    size_t size;
    const size_t packed_size = pack_numbers(packed, sizeof packed);
    memcpy(packed + packed_size, "more", 4);
    snprintf(at, sizeof at, "4 bytes after the end of the gzip data, from byte %zu on", packed_size);
    assert_refused(gz_file_read_gz(write_scratch("more.gz", packed, packed_size + 4), 1 << 20, &bytes, &size),
                   GAZE_ERROR_DATA, at, NULL);
}

static void a_bomb_stops_at_the_limit(void **state)
{
    (void)state;
    static unsigned char zeros[1 << 20], packed[4096];
    char *bytes;
    size_t size;
    const size_t packed_size = pack(zeros, sizeof zeros, packed, sizeof packed);
    const char *path = write_scratch("bomb.gz", packed, packed_size);
    assert_refused(gz_file_read_gz(path, sizeof zeros - 1, &bytes, &size), GAZE_ERROR_DATA, path, "at most",
                   NULL);
    assert_done(gz_file_read_gz(path, sizeof zeros, &bytes, &size));
    assert_int_equal(size, sizeof zeros);
    free(bytes);
}

static void a_lying_size_at_the_end_takes_no_memory(void **state)
{
    (void)state;
    unsigned char packed[200];
    char *bytes;
    size_t size;
    const size_t packed_size = pack("x", 1, packed, sizeof packed);
    memset(packed + packed_size - 4, 0xff, 4);
    assert_refused(gz_file_read_gz(write_scratch("lie.gz", packed, packed_size), SIZE_MAX / 2, &bytes, &size),
                   GAZE_ERROR_DATA, "incorrect length check", NULL);
}

static void assert_content(const char *path, const char *expected)
{
    char *bytes;
    size_t size;
    assert_done(gz_file_read(path, 1000, &bytes, &size));
    assert_string_equal(bytes, expected);
    free(bytes);
}

static void a_file_appears_at_commit_and_not_before(void **state)
{
    (void)state;
    gz_writer *writer;
    const char *folder = scratch_path("appear"), *path = scratch_path("appear/file");
    assert_done(gz_folder_make(folder, false));
    assert_done(gz_writer_open(path, &writer));
    assert_done(gz_writer_write(writer, "half", 4));
    assert_false(gz_file_exists(path));
    assert_done(gz_writer_commit(writer));
    assert_content(path, "half");
    assert_int_equal(entries_in(folder), 1);
}

static void an_abandoned_file_leaves_the_old_one(void **state)
{
    (void)state;
    gz_writer *writer;
    const char *folder = scratch_path("abandon"), *path = scratch_path("abandon/file");
    assert_done(gz_folder_make(folder, false));
    assert_done(gz_file_write(path, "old", 3));
    assert_done(gz_writer_open(path, &writer));
    assert_done(gz_writer_write(writer, "new", 3));
    gz_writer_abandon(writer);
    gz_writer_abandon(NULL);
    assert_content(path, "old");
    assert_int_equal(entries_in(folder), 1);
}

static void two_writers_of_one_file_do_not_meet(void **state)
{
    (void)state;
    gz_writer *a, *b;
    const char *folder = scratch_path("meet"), *path = scratch_path("meet/file");
    assert_done(gz_folder_make(folder, false));
    assert_done(gz_writer_open(path, &a));
    assert_done(gz_writer_open(path, &b));
    assert_done(gz_writer_write(a, "aaaa", 4));
    assert_done(gz_writer_write(b, "bb", 2));
    assert_done(gz_writer_commit(a));
    assert_content(path, "aaaa");
    assert_done(gz_writer_commit(b));
    assert_content(path, "bb");
    assert_int_equal(entries_in(folder), 1);
}

/* Only what nobody writes any more goes. */
static void what_killed_writers_left_is_removed(void **state)
{
    (void)state;
    gz_writer *writer;
    const char *folder = scratch_path("killed"), *path = scratch_path("killed/file");
    assert_done(gz_folder_make(folder, false));
    for (int i = 0; i < 3; i++) {
        const pid_t child = fork();
        if (child == 0) {
            if (gz_writer_open(path, &writer) != GAZE_OK) _exit(1);
            raise(SIGKILL);
        }
        waitpid(child, NULL, 0);
    }
    write_scratch("killed/.gaze-notes", "mine", 4);
    assert_int_equal(entries_in(folder), 4);
    assert_done(gz_writer_open(path, &writer));
    assert_done(gz_folder_make(folder, false));
    assert_int_equal(entries_in(folder), 2);
    assert_done(gz_writer_commit(writer));
    assert_content(path, "");
    assert_int_equal(entries_in(folder), 2);
}

static void a_folder_is_held_by_one_at_a_time(void **state)
{
    (void)state;
    int first, second;
    const char *folder = scratch_path("held");
    assert_done(gz_folder_make(folder, false));
    assert_done(gz_folder_hold(folder, 0, &first));
    assert_true(first >= 0);
    assert_int_equal(gz_folder_hold(folder, 0.05, &second), GAZE_ERROR_DATA);
    assert_int_equal(second, -1);
    assert_non_null(strstr(gaze_message(), "held: another process writes into this folder"));
    gz_folder_let_go(first);
    assert_done(gz_folder_hold(folder, 0, &second));
    gz_folder_let_go(second);
    assert_int_equal(entries_in(folder), 0);
}

/* The second waits for it, and has it as soon as the first is gone. */
static void what_a_killed_process_held_is_free(void **state)
{
    (void)state;
    int hold, ready[2];
    char byte;
    const char *folder = scratch_path("gone");
    assert_done(gz_folder_make(folder, false));
    assert_int_equal(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
        if (gz_folder_hold(folder, 0, &hold) != GAZE_OK || hold < 0 || write(ready[1], "", 1) != 1) _exit(1);
        usleep(200000);
        raise(SIGKILL);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(gz_folder_hold(folder, 0, &hold), GAZE_ERROR_DATA);
    assert_done(gz_folder_hold(folder, 60, &hold));
    gz_folder_let_go(hold);
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
}

static void the_mode_follows_the_umask(void **state)
{
    (void)state;
    struct stat facts;
    const mode_t before = umask(027);
    const char *path = scratch_path("mode");
    assert_done(gz_file_write(path, "x", 1));
    umask(before);
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0640);
}

static void a_link_stays_a_link(void **state)
{
    (void)state;
    struct stat facts;
    const char *target = scratch_path("target"), *path = scratch_path("link");
    assert_done(gz_file_write(target, "old", 3));
    assert_int_equal(symlink("target", path), 0);
    assert_done(gz_file_write(path, "new", 3));
    assert_content(target, "new");
    assert_int_equal(lstat(path, &facts), 0);
    assert_true(S_ISLNK(facts.st_mode));
}

static void a_device_is_written_and_stays(void **state)
{
    (void)state;
    struct stat facts;
    assert_done(gz_file_write("/dev/null", "x", 1));
    assert_int_equal(stat("/dev/null", &facts), 0);
    assert_true(S_ISCHR(facts.st_mode));
}

static void a_full_disk_is_named_at_commit(void **state)
{
    (void)state;
    gz_writer *writer;
    assert_done(gz_writer_open("/dev/full", &writer));
    fprintf(gz_writer_stream(writer), "x");
    assert_refused(gz_writer_commit(writer), GAZE_ERROR_DATA, "/dev/full", "No space left", NULL);
}

static void what_cannot_be_written_is_named(void **state)
{
    (void)state;
    const char *path = scratch_path("no/such/folder"), *below = scratch_path("taken/below");
    assert_refused(gz_file_write(path, "x", 1), GAZE_ERROR_DATA, path, "No such file", NULL);
    assert_refused(gz_file_write(scratch_folder, "x", 1), GAZE_ERROR_DATA, scratch_folder, "is a folder",
                   NULL);
    write_scratch("taken", "x", 1);
    assert_refused(gz_folder_make(below, false), GAZE_ERROR_DATA, "taken", "is a file, expected a folder",
                   NULL);
}

static void folders_are_made_with_their_parents(void **state)
{
    (void)state;
    struct stat facts;
    const char *path = scratch_path("one/two//three/");
    assert_done(gz_folder_make(path, true));
    assert_done(gz_folder_make(path, true));
    assert_true(gz_folder_exists(path));
    assert_false(gz_file_exists(path));
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0700);
}

static void paths_are_joined_and_taken_apart(void **state)
{
    (void)state;
    gz_arena *arena;
    assert_done(gz_arena_create(&arena));
    assert_string_equal(gz_path_join(arena, "a", "b"), "a/b");
    assert_string_equal(gz_path_join(arena, "a/", "b"), "a/b");
    assert_string_equal(gz_path_join(arena, "", "b"), "b");
    assert_string_equal(gz_path_stem(arena, "a/b/stem.png"), "stem");
    assert_string_equal(gz_path_stem(arena, "a.b/stem"), "stem");
    assert_string_equal(gz_path_stem(arena, ".hidden"), ".hidden");
    gz_arena_destroy(arena);
}

static void the_cache_folder_follows_the_environment(void **state)
{
    (void)state;
    gz_arena *arena;
    const char *folder;
    assert_done(gz_arena_create(&arena));
    setenv("HOME", "/home/x", 1);
    setenv("XDG_CACHE_HOME", "/cache", 1);
    assert_done(gz_cache_folder(arena, &folder));
    assert_string_equal(folder, "/cache/gaze");
    setenv("XDG_CACHE_HOME", "relative", 1);
    assert_done(gz_cache_folder(arena, &folder));
    assert_string_equal(folder, "/home/x/.cache/gaze");
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    assert_done(gz_cache_folder(arena, &folder));
    assert_null(folder);
    gz_arena_destroy(arena);
}

/* A link to itself: what is there can't be known, which is not the same as nothing. */
static void what_cannot_be_looked_at_is_not_taken_for_missing(void **state)
{
    (void)state;
    gz_file_kind kind;
    assert_done(gz_file_look("/nowhere/at/all", &kind));
    assert_int_equal(kind, GZ_NOTHING);
    assert_done(gz_file_look("/", &kind));
    assert_int_equal(kind, GZ_FOLDER);
    assert_int_equal(symlink("loop", scratch_path("loop")), 0);
    assert_int_equal(gz_file_look(scratch_path("loop"), &kind), GAZE_ERROR_DATA);
    assert_non_null(strstr(gaze_message(), "loop: cannot be looked at"));
}

/* The value of the empty string is in the xxHash specification. */
static void hashes_are_xxh3_and_the_same_for_file_and_bytes(void **state)
{
    (void)state;
    static char bytes[200000];
    gz_hash hash;
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i * 7);
    assert_string_equal(gz_hash_bytes("", 0).text, "2d06800538d394c2");
    assert_done(gz_hash_file(write_scratch("hash", bytes, sizeof bytes), &hash));
    assert_string_equal(hash.text, gz_hash_bytes(bytes, sizeof bytes).text);
    assert_refused(gz_hash_file(scratch_path("nothing"), &hash), GAZE_ERROR_DATA, "nothing", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_whole_with_a_zero_behind),
        cmocka_unit_test(a_pipe_is_read_to_its_end),
        cmocka_unit_test(a_file_above_the_limit_is_refused),
        cmocka_unit_test(missing_files_and_folders_are_named),
        cmocka_unit_test(gzip_is_inflated_and_other_files_are_left_alone),
        cmocka_unit_test(gzip_members_follow_each_other),
        cmocka_unit_test(truncated_gzip_names_the_byte_where_it_ends),
        cmocka_unit_test(damaged_gzip_is_refused_wherever_the_damage_is),
        cmocka_unit_test(a_wrong_checksum_names_its_byte),
        cmocka_unit_test(bytes_behind_gzip_data_are_refused),
        cmocka_unit_test(a_bomb_stops_at_the_limit),
        cmocka_unit_test(a_lying_size_at_the_end_takes_no_memory),
        cmocka_unit_test(a_file_appears_at_commit_and_not_before),
        cmocka_unit_test(an_abandoned_file_leaves_the_old_one),
        cmocka_unit_test(two_writers_of_one_file_do_not_meet),
        cmocka_unit_test(what_killed_writers_left_is_removed),
        cmocka_unit_test(a_folder_is_held_by_one_at_a_time),
        cmocka_unit_test(what_a_killed_process_held_is_free),
        cmocka_unit_test(the_mode_follows_the_umask),
        cmocka_unit_test(a_link_stays_a_link),
        cmocka_unit_test(a_device_is_written_and_stays),
        cmocka_unit_test(a_full_disk_is_named_at_commit),
        cmocka_unit_test(what_cannot_be_written_is_named),
        cmocka_unit_test(folders_are_made_with_their_parents),
        cmocka_unit_test(paths_are_joined_and_taken_apart),
        cmocka_unit_test(the_cache_folder_follows_the_environment),
        cmocka_unit_test(what_cannot_be_looked_at_is_not_taken_for_missing),
        cmocka_unit_test(hashes_are_xxh3_and_the_same_for_file_and_bytes),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
