<?php
/*
 * Handles hooks as an engine on the PHP SDK does, without that SDK, which no package registry serves: it checks the
 * app's id and key, and a hook by `__sign` in the body alone. Run by `php -S`.
 */
$path = parse_url($_SERVER["REQUEST_URI"], PHP_URL_PATH);
$body = json_decode(file_get_contents("php://input"), true);
$masterKey = getenv("LEANCLOUD_APP_MASTER_KEY");

function answer($status, $json)
{
    http_response_code($status);
    header("Content-Type: application/json");
    echo json_encode($json);
    exit();
}

if (preg_match("#^/(1|1\\.1)/functions/(.+)$#", $path, $parts) !== 1) {
    answer(404, ["code" => 1, "error" => "not found"]);
}
$name = $parts[2];
$key = $_SERVER["HTTP_X_LC_KEY"] ?? "";
if (($_SERVER["HTTP_X_LC_ID"] ?? "") !== getenv("LEANCLOUD_APP_ID")) {
    answer(401, ["code" => 401, "error" => "Unauthorized"]);
}
if ($name === "_ops/metadatas") {
    $known = $key === "$masterKey,master";
    $known ? answer(200, ["result" => ["_messageReceived"]]) : answer(401, ["code" => 401]);
}
if ($key !== getenv("LEANCLOUD_APP_KEY")) {
    answer(401, ["code" => 401, "error" => "Unauthorized"]);
}
$sign = $body["__sign"] ?? "";
$time = explode(",", $sign)[0];
if ($sign !== "$time," . hash_hmac("sha1", "$name:$time", $masterKey)) {
    answer(401, ["code" => 142, "error" => "Unauthorized"]);
}
$words = json_decode($body["content"], true)["_lctext"] ?? "";
if ($words === "come to my casino") {
    answer(200, ["result" => ["drop" => true, "code" => 7]]);
}
if ($words === "rude") {
    answer(200, ["result" => ["content" => json_encode(["_lctype" => -1, "_lctext" => "polite"])]]);
}
// An empty array is no object in PHP.
answer(200, ["result" => []]);
