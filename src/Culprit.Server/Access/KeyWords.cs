using Culprit.Engine.Storage;

namespace Culprit.Server.Access;

/// <summary>Scopes as words.</summary>
internal static class KeyWords
{
    public static readonly IReadOnlyList<string> Scopes = ["ingest", "read", "admin", "respond"];

    public static IReadOnlyList<string> ToWords(KeyScopes scopes) => [.. Scopes.Where((_, i) => ((int)scopes & (1 << i)) != 0)];

    /// <summary>Whether it can be used: <c>valid</c>, <c>expired</c> or <c>revoked</c>.</summary>
    public static string StateOf(ApiKey key, DateTimeOffset now) => key.RevokedAt is not null ? "revoked" : key.IsValid(now) ? "valid" : "expired";

    /// <summary>Null when a word is no scope, or there is none.</summary>
    public static KeyScopes? TryParse(IEnumerable<string> words)
    {
        var scopes = KeyScopes.None;
        foreach (var word in words)
        {
            var at = Scopes.ToList().IndexOf(word);
            if (at < 0)
            {
                return null;
            }

            scopes |= (KeyScopes)(1 << at);
        }

        return scopes == KeyScopes.None ? null : scopes;
    }
}
