#!/usr/bin/env php
<?php
// Sends one message: php send.php FROM TO SUBJECT, the text on standard input.
declare(strict_types=1);

/** The message was not sent, or its outcome is unknown; the code is the program's exit code. */
final class Failure extends Exception
{
}

function send(array $message, int $attempts = 5): array
{
    $url = (getenv('POSTERN_URL') ?: 'http://127.0.0.1:8080') . '/messages';
    $key = getenv('POSTERN_API_KEY');
    // One key for all attempts: the message is sent once.
    $headers = ['Content-Type: application/json', 'Idempotency-Key: ' . bin2hex(random_bytes(16))];
    if ($key) {
        $headers[] = "X-API-Key: $key";
    }
    $body = json_encode($message, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES);
    for ($attempt = 1; $attempt <= $attempts; $attempt++) {
        [$status, $after, $answer, $error] = post($url, $headers, $body);
        if ($answer === null) {
            $failure = "no answer: $error";
        } elseif ($status === 200) {
            return $answer;
        } else {
            $failure = ($answer['title'] ?? $status) . ': ' . ($answer['detail'] ?? '');
            if (($answer['outcome'] ?? null) === 'unknown') {
                throw new Failure("$failure\nthe relay may have taken it: look there before sending it again", 2);
            }
            if (($answer['retryable'] ?? null) !== true) {
                throw new Failure($failure, 1);
            }
        }
        fwrite(STDERR, "$failure\n");
        if ($attempt < $attempts) {
            sleep($after ?? $attempt);
        }
    }
    throw new Failure("given up after $attempts attempts", 1);
}

/** Returns the status, the seconds of Retry-After, the decoded body, and if there is none, what happened instead. */
function post(string $url, array $headers, string $body): array
{
    $after = null;
    $request = curl_init($url);
    curl_setopt_array($request, [
        CURLOPT_POSTFIELDS => $body,
        CURLOPT_HTTPHEADER => $headers,
        CURLOPT_RETURNTRANSFER => true,
        // A relay may take its time over the last reply; the gateway waits for it.
        CURLOPT_TIMEOUT => 700,
        CURLOPT_HEADERFUNCTION => function ($request, string $line) use (&$after): int {
            if (preg_match('/^Retry-After:\s*(\d+)\s*$/i', $line, $match)) {
                $after = (int) $match[1];
            }
            return strlen($line);
        },
    ]);
    $text = curl_exec($request);
    if ($text === false) {
        return [0, $after, null, curl_error($request)];
    }
    $status = curl_getinfo($request, CURLINFO_RESPONSE_CODE);
    $answer = json_decode($text, true);
    return [$status, $after, is_array($answer) ? $answer : null, "status $status without a JSON document"];
}

if ($argc !== 4) {
    fwrite(STDERR, "usage: php send.php FROM TO SUBJECT\n");
    exit(64);
}
[, $from, $to, $subject] = $argv;
try {
    $text = stream_get_contents(STDIN);
    $result = send(['from' => $from, 'to' => [$to], 'subject' => $subject, 'text' => $text]);
    echo "{$result['status']}: {$result['code']} {$result['text']}\n";
} catch (Failure $failure) {
    fwrite(STDERR, $failure->getMessage() . "\n");
    exit($failure->getCode());
}
