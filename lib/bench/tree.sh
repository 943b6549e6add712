# shellcheck shell=sh
# Trees to measure with, made of noise; sourced.

# make_tree DIR FILES BYTES: files of BYTES on average, from a fifth to nine fifths of it, 50 in a directory
make_tree() {
    perl -MFile::Path=make_path -e '
        my ($dir, $files, $bytes) = @ARGV;
        open my $in, "<", "/dev/urandom" or die; read $in, my $noise, 2 * $bytes + (1 << 20);
        for my $i (0 .. $files - 1) {
            my $directory = sprintf "%s/srv/d%03d/e%02d", $dir, $i / 1000, $i / 50 % 20;
            make_path $directory if $i % 50 == 0;
            my $size = int($bytes * (0.2 + 1.6 * ($i * 7919 % 1009) / 1008));
            open my $out, ">", sprintf "%s/file-%06d.conf", $directory, $i or die "$directory: $!";
            print $out substr $noise, int rand(1 << 20), $size;
        }' "$1" "$2" "$3"
    sync
}

# change_tree DIR COUNT: that many files of it are replaced by others of the same size, evenly spread
change_tree() {
    find "$1" -type f | LC_ALL=C sort >"$T/files"
    perl -e '
        my ($list, $count) = @ARGV;
        open my $in, "<", $list or die; chomp(my @files = <$in>);
        for my $i (0 .. $count - 1) {
            my $path = $files[$i * @files / $count]; my $size = -s $path;
            open my $noise, "<", "/dev/urandom" or die; read $noise, my $data, $size;
            open my $out, ">", "$path.new" or die "$path: $!"; print $out $data; close $out;
            rename "$path.new", $path or die "$path: $!";
        }' "$T/files" "$2"
    sync
}
