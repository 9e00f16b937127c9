<?php

/** A stranger's program: knows the service only through the client that was generated from its contract. */

declare(strict_types=1);

use GuzzleHttp\Client;
use Latchkey\Api\{AccountApi, AuthApi, PasswordsApi, SessionsApi};
use Latchkey\{ApiException, Configuration};
use Latchkey\Model\{Credentials, PasswordChange, Problem, RefreshTokenBody, Registration};

require '/usr/share/php/GuzzleHttp/autoload.php';
spl_autoload_register(fn (string $name) => require strtr("client/lib/$name.php", ['lib/Latchkey\\' => 'lib/', '\\' => '/']));

// a notice is a fault too
set_error_handler(fn (int $level, string $message) => throw new ErrorException($message));

function as_bearer(string $url, ?string $token = null): Configuration
{
    return (new Configuration())->setHost($url)->setAccessToken($token);
}

/** Asks who one is and returns the code of the refusal, which every error of the service has. */
function refused(string $url, string $token): string
{
    // docs: begin
    try {
        (new AccountApi(new Client(), as_bearer($url, $token)))->getMe();
    } catch (ApiException $error) {
        /** @var Problem $problem */
        $problem = $error->getResponseObject();
        return "{$problem->getStatus()} {$problem->getCode()}";
    }
    // docs: end
    throw new LogicException('a token of an ended session was taken');
}

[, $url, $later, $username] = $argv;
[$email, $password] = ["$username@example.org", 'correct horse battery staple'];
// docs: begin
$auth = new AuthApi(new Client(), as_bearer($url));
$auth->register(new Registration(['username' => $username, 'email' => $email, 'password' => $password]));
$tokens = $auth->login(new Credentials(['identifier' => $username, 'password' => $password]));
$me = (new AccountApi(new Client(), as_bearer($url, $tokens->getAccessToken())))->getMe();
$next = $auth->refreshSession(new RefreshTokenBody(['refresh_token' => $tokens->getRefreshToken()]));
// docs: end
echo "me {$me->getUsername()}\n";
$signedIn = as_bearer($url, $next->getAccessToken());
$sessions = new SessionsApi(new Client(), $signedIn);
echo 'sessions ', count($sessions->listMySessions()->getItems()), "\n";
$change = new PasswordChange(['current_password' => $password, 'new_password' => 'a quite different phrase']);
(new PasswordsApi(new Client(), $signedIn))->changeMyPassword($change);
echo 'sessions ', count($sessions->listMySessions()->getItems()), "\n";
$activity = (new AccountApi(new Client(), as_bearer($later, $next->getAccessToken())))->listMyActivity(1);
echo "action {$activity->getItems()[0]->getAction()}\n";
$auth->logout(new RefreshTokenBody(['refresh_token' => $next->getRefreshToken()]));
echo 'refused ', refused($url, $next->getAccessToken()), "\n";
echo 'refused ', refused($later, $next->getAccessToken()), "\n";
