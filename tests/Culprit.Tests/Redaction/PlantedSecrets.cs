namespace Culprit.Tests.Redaction;

/// <summary>Log lines with secrets in them, as services write them by mistake.</summary>
internal static class PlantedSecrets
{
    private const string Upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private const string Digits = "0123456789";
    private const string Alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    // Put together at run time, so that no scanner of secrets takes this file for a leak.
    private static readonly Func<Random, string>[] Secrets =
    [
        r => "AKIA" + Text(r, 16, Upper),
        r => "ghp_" + Text(r, 36, Alphanumeric),
        r => "glpat-" + Text(r, 20, Alphanumeric),
        r => "xoxb-" + Text(r, 12, Digits) + "-" + Text(r, 24, Alphanumeric),
        r => "sk_live_" + Text(r, 24, Alphanumeric),
        r => "sk-ant-" + Text(r, 40, Alphanumeric),
        r => "culprit_" + Text(r, 43, Alphanumeric),
        r => "AIza" + Text(r, 35, Alphanumeric),
        r => "eyJ" + Text(r, 20, Alphanumeric) + "." + Text(r, 40, Alphanumeric) + "." + Text(r, 43, Alphanumeric),
        r => "npm_" + Text(r, 36, Alphanumeric),
        r => Text(r, 20, Alphanumeric),
    ];

    private static readonly string[] Places =
    [
        "login failed: password={0} for user 7",
        "config loaded {\"db_password\":\"{0}\",\"port\":5432}",
        "GET /v1/items Authorization: Bearer {0} 401",
        "connecting to postgres://app:{0}@db.internal:5432/shop",
        "env API_KEY='{0}' is deprecated",
        "set client_secret: {0}, retrying",
        "cookie: session={0}; path=/",
        "token = {0}",
        "-----BEGIN RSA PRIVATE KEY-----\n{0}\n-----END RSA PRIVATE KEY-----",
        "{\\\"access_key\\\":\\\"{0}\\\"}",
    ];

    /// <summary>Every kind of secret in every kind of line, over and over; the same each time.</summary>
    public static IEnumerable<(string Secret, string Line)> Take(int count)
    {
        var random = new Random(7);
        for (var i = 0; i < count; i++)
        {
            var secret = Secrets[i % Secrets.Length](random);
            yield return (secret, Places[i / Secrets.Length % Places.Length].Replace("{0}", secret, StringComparison.Ordinal));
        }
    }

    public static string Text(Random random, int length, string alphabet) => new([.. Enumerable.Range(0, length).Select(_ => alphabet[random.Next(alphabet.Length)])]);
}
