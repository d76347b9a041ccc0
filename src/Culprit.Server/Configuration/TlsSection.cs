namespace Culprit.Server.Configuration;

/// <summary>The certificate of <c>https://</c> addresses, as PEM files; they are read again when they change.</summary>
internal sealed class TlsSection
{
    /// <summary>File of the certificate, followed by those between it and its root. Default: none, only <c>http://</c> can be listened on.</summary>
    public string? Certificate { get; set; }

    /// <summary>File of its private key, not encrypted. Default: the key is in the file of the certificate.</summary>
    public string? Key { get; set; }

    internal bool IsOn => !string.IsNullOrEmpty(Certificate);

    internal void Check(Action<bool, string, object, string> check)
    {
        check(!IsOn || File.Exists(Certificate), "tls:certificate", Certificate ?? "", "a PEM file that exists (relative to the current folder)");
        check(string.IsNullOrEmpty(Key) || File.Exists(Key), "tls:key", Key ?? "", "a PEM file that exists (relative to the current folder)");
    }
}
