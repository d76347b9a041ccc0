using System.Net.Http.Headers;
using System.Text;
using Culprit.Engine.Alerting;
using Culprit.Server.Alerting.Setup;
using Culprit.Server.Printing;

namespace Culprit.Server.Alerting.Sinks;

/// <summary>The HTTP of one sink: one attempt, no redirect, no proxy, no cookie, a bounded answer in bounded time.</summary>
internal sealed class SinkClient : IDisposable
{
    /// <summary>For one attempt, from the resolution of the name to the last byte read.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    private const int MaxAnswerBytes = 64 * 1024;
    private const int MaxShown = 300;
    private const int MaxShownBytes = 4096;

    private readonly HttpClient _http;
    private readonly TimeProvider _clock;
    private readonly string[] _secrets;

    public SinkClient(SinkOptions options, INetwork network, TimeProvider clock)
    {
        var connector = new GuardedConnector(options, network);
        _clock = clock;
        _secrets = [.. options.Secrets().Where(s => s.Length > 0)];
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            AutomaticDecompression = System.Net.DecompressionMethods.None,
            MaxResponseHeadersLength = 16,
            MaxConnectionsPerServer = 4,

            // A receiver that moves is found again without a restart.
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            ConnectCallback = (context, cancellationToken) => connector.ConnectAsync(
                context.DnsEndPoint, context.InitialRequestMessage.RequestUri!.Scheme == Uri.UriSchemeHttp, cancellationToken),
        };
        _http = new HttpClient(handler, disposeHandler: true) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("Culprit", typeof(SinkClient).Assembly.GetName().Version?.ToString(3)));
    }

    /// <summary>Sends the bytes as JSON.</summary>
    /// <param name="prepare">Adds headers.</param>
    /// <param name="encoding">How the bytes are compressed; null when they are not.</param>
    /// <exception cref="OperationCanceledException">Only when <paramref name="cancellationToken"/> was canceled.</exception>
    public async Task<SinkAnswer> PostAsync(
        Uri url,
        ReadOnlyMemory<byte> json,
        Action<HttpRequestHeaders>? prepare,
        CancellationToken cancellationToken,
        string? encoding = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ReadOnlyMemoryContent(json) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (encoding is not null)
        {
            request.Content.Headers.ContentEncoding.Add(encoding);
        }

        prepare?.Invoke(request.Headers);
        using var deadline = new CancellationTokenSource(Timeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            var retryAfter = RetryAfterHeader.Read(response.Headers, _clock.GetUtcNow());
            var body = await ReadAsync(response.Content, either.Token).ConfigureAwait(false);
            return new SinkAnswer((int)response.StatusCode, Show(Encoding.UTF8.GetString(body.Span[..Math.Min(body.Length, MaxShownBytes)])), retryAfter) { Body = body };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new SinkAnswer(0, $"no answer within {Timeout.TotalSeconds:0} s", null);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new SinkAnswer(0, Show((e.InnerException as AddressRefusedException ?? e).Message), null);
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>What the receiver said, as far as it is worth reading; a broken answer takes nothing away from its status.</summary>
    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxAnswerBytes];
        var length = 0;
        try
        {
            using var stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            int read;
            while (length < buffer.Length
                && (read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false)) > 0)
            {
                length += read;
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            // The status is known: what is missing is only the explanation. Trying again would deliver twice.
        }

        return buffer.AsMemory(0, length);
    }

    private string Show(string text)
    {
        foreach (var secret in _secrets)
        {
            text = text.Replace(secret, "(secret)", StringComparison.Ordinal);
        }

        return TextCut.Fit(TerminalText.Visible(text.Trim()), MaxShown);
    }
}
