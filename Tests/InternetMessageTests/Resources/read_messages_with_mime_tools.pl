# Reads messages with Perl's MIME-tools and compares subject, types, contents and file names with what went in.
#
# The argument names a JSON file: a list of objects with the message in base64 and what it was made of.
# Prints one line for each difference; the exit status is 1 when there is one.
use strict;
use warnings;
use utf8;
use Encode qw(decode encode);
use JSON::XS;
use MIME::Base64;
use MIME::Parser;

binmode(STDOUT, ':utf8');

sub leaves {
    my ($entity) = @_;
    my @parts = $entity->parts;
    return @parts && $entity->effective_type =~ m{^multipart/} ? map { leaves($_) } @parts : ($entity);
}

sub lines {
    my ($text) = @_;
    $text =~ s/\r\n?/\n/g;
    return $text;
}

# White space and quotes at the ends, which this reader does not keep.
sub trimmed {
    my ($text) = @_;
    return undef unless defined $text;
    $text =~ s/[\s"\\]+/ /g;
    $text =~ s/^ | $//g;
    return $text;
}

# A file name as this reader gives it: octets, or one long encoded word.
sub filename {
    my ($name) = @_;
    return undef unless defined $name;
    if ($name =~ /^=\?utf-8\?Q\?(.*)\?=$/s) {
        ($name = $1) =~ tr/_/ /;
        $name =~ s/=([0-9A-F]{2})/chr(hex($1))/ge;
    }
    return utf8::is_utf8($name) ? $name : decode('utf-8', $name);
}

my @found;
my $id;

sub same {
    my ($what, $got, $wanted) = @_;
    return if !defined $got && !defined $wanted;
    push @found, sprintf('%s: %s: %.300s instead of %.300s', $id, $what, $got // 'none', $wanted // 'none')
        unless defined $got && defined $wanted && $got eq $wanted;
}

open(my $file, '<:raw', $ARGV[0]) or die;
my $cases = decode_json(do { local $/; <$file> });
my $parser = MIME::Parser->new;
$parser->output_to_core(1);
$parser->tmp_to_core(1);
$parser->decode_headers(0);
$parser->extract_nested_messages(0);
for my $case (@$cases) {
    $id = $case->{id};
    my $want = $case->{expected};
    my $entity = $parser->parse_data(decode_base64($case->{message}));
    my $subject = $entity->head->get('Subject', 0);
    chomp $subject if defined $subject;
    $subject = decode('MIME-Header', $subject) if defined $subject;
    same('Subject', trimmed($subject), trimmed($want->{subject}));
    my @parts = leaves($entity);
    same('types', join(' ', map { $_->effective_type } @parts), join(' ', map { $_->{type} } @{ $want->{parts} }));
    for my $index (0 .. $#parts) {
        my $wanted = $want->{parts}[$index] // next;
        my $got = $parts[$index]->bodyhandle->as_string;
        my $content = decode_base64($wanted->{content});
        # It makes the line ends of text its own.
        ($got, $content) = (lines($got), lines($content)) if $wanted->{type} =~ m{^text/};
        same("part $index", $got, $content);
        my $name = $parts[$index]->head->mime_attr('content-disposition.filename');
        same("part $index filename", trimmed(filename($name)), trimmed($wanted->{filename}));
    }
}
print "$_\n" for @found > 20 ? @found[0 .. 19] : @found;
printf "%d messages, %d differences\n", scalar @$cases, scalar @found;
exit(@found ? 1 : 0);
