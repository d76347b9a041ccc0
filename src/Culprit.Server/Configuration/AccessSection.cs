namespace Culprit.Server.Configuration;

/// <summary>Who may send and read (docs/access.md).</summary>
internal sealed class AccessSection
{
    /// <summary>When requests need an API key: <c>auto</c> (default: as soon as the server listens beyond loopback) or <c>always</c> (for instance behind a proxy on the same machine).</summary>
    public string Required { get; set; } = "auto";

    internal bool AlwaysRequired => Required == "always";

    internal void Check(Action<bool, string, object, string> check) => check(Required is "auto" or "always", "access:required", Required, "auto or always");
}
