using Culprit.Benchmarks.Exam.Simulation;
using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Text;

/// <summary>What clients of each platform say when a call fails.</summary>
internal static class FailureText
{
    /// <param name="host">The callee's host as the client knows it.</param>
    /// <param name="ip">Where the name pointed.</param>
    public static string Reason(LogStyle style, Failure failure, string host, int port, string ip, int seconds) => failure switch
    {
        Failure.Timeout => style switch
        {
            LogStyle.Spring => $"java.net.SocketTimeoutException: Read timed out (http://{host}:{port})",
            LogStyle.AspNet => $"System.Threading.Tasks.TaskCanceledException: The request to {host}:{port} was canceled due to the configured HttpClient.Timeout of {seconds} seconds elapsing.",
            LogStyle.Python => $"HTTPConnectionPool(host='{host}', port={port}): Read timed out. (read timeout={seconds})",
            LogStyle.Node => $"timeout of {seconds * 1000}ms exceeded calling {host}:{port}",
            _ => $"Post \"http://{host}:{port}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
        },
        Failure.Refused => style switch
        {
            LogStyle.Spring => $"java.net.ConnectException: Connection refused: {host}/{ip}:{port}",
            LogStyle.AspNet => $"System.Net.Http.HttpRequestException: Connection refused ({host}:{port})",
            LogStyle.Python => $"HTTPConnectionPool(host='{host}', port={port}): Max retries exceeded: [Errno 111] Connection refused",
            LogStyle.Node => $"connect ECONNREFUSED {ip}:{port} ({host})",
            _ => $"dial tcp {ip}:{port}: connect: connection refused (host {host})",
        },
        Failure.Reset => style switch
        {
            LogStyle.Spring => $"java.net.SocketException: Connection reset ({host}:{port})",
            LogStyle.AspNet => $"System.IO.IOException: Unable to read data from the transport connection to {host}:{port}: Connection reset by peer.",
            LogStyle.Python => $"('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer')) host={host}",
            LogStyle.Node => $"socket hang up (ECONNRESET) {host}:{port}",
            _ => $"read tcp 10.0.3.7:51844->{ip}:{port}: read: connection reset by peer (host {host})",
        },
        Failure.NameResolution => style switch
        {
            LogStyle.Spring => $"java.net.UnknownHostException: {host}: Temporary failure in name resolution",
            LogStyle.AspNet => $"System.Net.Sockets.SocketException (00000001, 11): Resource temporarily unavailable ({host}:{port})",
            LogStyle.Python => $"Failed to resolve '{host}' ([Errno -3] Temporary failure in name resolution)",
            LogStyle.Node => $"getaddrinfo EAI_AGAIN {host}",
            _ => $"dial tcp: lookup {host} on 10.0.0.10:53: server misbehaving",
        },
        Failure.Certificate => style switch
        {
            LogStyle.Spring => $"javax.net.ssl.SSLHandshakeException: PKIX path validation failed for {host}: java.security.cert.CertPathValidatorException: validity check failed",
            LogStyle.AspNet => $"System.Security.Authentication.AuthenticationException: The remote certificate of {host} is invalid because of errors in the certificate chain: NotTimeValid",
            LogStyle.Python => $"HTTPSConnectionPool(host='{host}', port=443): [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired",
            LogStyle.Node => $"certificate has expired (CERT_HAS_EXPIRED) {host}",
            _ => $"Get \"https://{host}\": tls: failed to verify certificate: x509: certificate has expired or is not yet valid",
        },
        Failure.ServerError => $"{host}:{port} answered 500 Internal Server Error",
        Failure.Overloaded => $"{host}:{port} answered 503 Service Unavailable",
        Failure.BadAnswer => $"unusable answer from {host}:{port}",
        Failure.DiskFull => "No space left on device",
        Failure.PoolEmpty => style switch
        {
            LogStyle.Spring => $"HikariPool-1 - Connection is not available, request timed out after {seconds * 1000}ms (total=10, active=10, idle=0, waiting=7)",
            LogStyle.AspNet => "The connection pool has been exhausted, either raise 'Max Pool Size' or 'Timeout' in your connection string",
            LogStyle.Python => $"QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout {seconds}.00",
            LogStyle.Node => "timeout exceeded when trying to connect: pool has no free client",
            _ => "sql: timed out waiting for a free connection: pool exhausted",
        },
        _ => "unexpected failure",
    };

    /// <summary>An exception of the service's own code, with the stack that follows it.</summary>
    public static string Exception(LogStyle style, string noun, string method, int line)
    {
        var type = char.ToUpperInvariant(noun[0]) + noun[1..];
        return style switch
        {
            LogStyle.Spring => $"java.lang.NullPointerException: Cannot invoke \"{type}.getState()\" because \"{noun}\" is null\n"
                + $"\tat com.acme.{noun}.{type}Mapper.{method}({type}Mapper.java:{line})\n\tat com.acme.{noun}.{type}Controller.handle({type}Controller.java:88)\n"
                + "\tat org.springframework.web.servlet.FrameworkServlet.service(FrameworkServlet.java:897)",
            LogStyle.AspNet => $"System.InvalidOperationException: Sequence contains no matching element\n   at Acme.{type}s.{type}Mapper.{method}({type} source) in /src/{type}Mapper.cs:line {line}\n"
                + $"   at Acme.{type}s.{type}Endpoints.HandleAsync(HttpContext context)",
            LogStyle.Python => $"Traceback (most recent call last):\n  File \"/app/{noun}/views.py\", line 71, in handle\n    return {method}(item)\n"
                + $"  File \"/app/{noun}/mapper.py\", line {line}, in {method}\n    state = item['state']\nKeyError: 'state'",
            LogStyle.Node => $"TypeError: Cannot read properties of undefined (reading 'state')\n    at {method} (/app/src/{noun}/mapper.js:{line}:17)\n    at async handle (/app/src/{noun}/routes.js:54:12)",
            _ => $"runtime error: invalid memory address or nil pointer dereference\ngoroutine 2217 [running]:\nmain.{method}(0x0)\n\t/src/{noun}/mapper.go:{line} +0x1f",
        };
    }
}
