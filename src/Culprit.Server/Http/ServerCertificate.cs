using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Culprit.Server.Configuration;

namespace Culprit.Server.Http;

/// <summary>The certificate of the server, read again when its files change. While the new files cannot be used, the old certificate stays.</summary>
internal sealed partial class ServerCertificate
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly string _certificate;
    private readonly string _key;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private SslStreamCertificateContext _context;
    private (DateTime Certificate, DateTime Key) _written;
    private long _lookedAt;

    /// <exception cref="IOException">A file cannot be read, or holds no certificate with its key.</exception>
    public ServerCertificate(TlsSection section, TimeProvider clock, ILogger<ServerCertificate> logger)
    {
        _certificate = Path.GetFullPath(section.Certificate!);
        _key = string.IsNullOrEmpty(section.Key) ? _certificate : Path.GetFullPath(section.Key);
        _clock = clock;
        _logger = logger;
        _written = Written();
        _context = Read();
        _lookedAt = clock.GetTimestamp();
    }

    public SslStreamCertificateContext Current
    {
        get
        {
            lock (_lock)
            {
                if (_clock.GetElapsedTime(_lookedAt) >= Patience)
                {
                    _lookedAt = _clock.GetTimestamp();
                    Refresh();
                }

                return _context;
            }
        }
    }

    private void Refresh()
    {
        var written = Written();
        if (written == _written)
        {
            return;
        }

        try
        {
            _context = Read();
            _written = written;
            var until = _context.TargetCertificate.NotAfter.ToUniversalTime();
            Renewed(until);
        }
        catch (IOException e)
        {
            // Half written, perhaps: the next look tries again.
            NotRenewed(e.Message);
        }
    }

    private (DateTime Certificate, DateTime Key) Written() => (File.GetLastWriteTimeUtc(_certificate), File.GetLastWriteTimeUtc(_key));

    private SslStreamCertificateContext Read()
    {
        try
        {
            var certificate = X509Certificate2.CreateFromPemFile(_certificate, _key);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(_certificate);
            return SslStreamCertificateContext.Create(certificate, chain, offline: true);
        }
        catch (Exception e) when (e is CryptographicException or UnauthorizedAccessException)
        {
            throw new IOException($"tls: {_certificate} with the key of {_key} cannot be used: {e.Message}", e);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The certificate was read again; it is valid until {Until:O}")]
    private partial void Renewed(DateTime until);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The new certificate is not used, the old one stays: {Reason}")]
    private partial void NotRenewed(string reason);
}
