using System.Globalization;
using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Text;

/// <summary>Dresses what a service has to say in the habits of its platform.</summary>
internal static class Wording
{
    /// <param name="part">The part of the code that speaks: <c>controller</c>, <c>client</c>.</param>
    /// <param name="id">A <c>name=value</c> of the request, or empty.</param>
    public static string Line(ServiceNode service, string part, string text, string id)
    {
        var noun = service.Noun;
        var type = char.ToUpperInvariant(noun[0]) + noun[1..] + char.ToUpperInvariant(part[0]) + part[1..];
        var stack = text.IndexOf('\n', StringComparison.Ordinal);
        var (head, tail) = stack < 0 ? (text, string.Empty) : (text[..stack], text[stack..]);
        return service.Style switch
        {
            LogStyle.Spring => $"[{(id.Length > 0 ? id : "main")}] c.a.{noun}.{type} : {head}{tail}",
            LogStyle.AspNet => $"Acme.{type}[{part.Length}] {head}{(id.Length > 0 ? $" ({id})" : "")}{tail}",
            LogStyle.GoLogfmt => $"caller={part}.go:{40 + (part.Length * 7)} msg=\"{head.Replace('"', '\'')}\"{(id.Length > 0 ? " " + id : "")}{tail}",
            LogStyle.GoZap => $"{part}/{noun}.go:{20 + (part.Length * 9)}\t{head}\t{{{(id.Length > 0 ? $"\"{id.Replace("=", "\": \"", StringComparison.Ordinal)}\"" : "")}}}{tail}",
            LogStyle.Python => $"{noun}.{part}: {head}{(id.Length > 0 ? $" [{id}]" : "")}{tail}",
            _ => $"{head}{(id.Length > 0 ? " " + id : "")}{tail}",
        };
    }

    public static string Access(ServiceNode service, Operation operation, int status, double milliseconds, int id)
    {
        var ms = Math.Round(milliseconds, 1).ToString(CultureInfo.InvariantCulture);
        var name = operation.Name.Replace("{id}", id.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        return service.Style switch
        {
            LogStyle.Spring => $"Completed {status} for {name} in {ms} ms",
            LogStyle.AspNet => $"Request finished HTTP/1.1 {name} - {status} - application/json {ms}ms",
            LogStyle.GoLogfmt => $"handled {name} status={status} duration={ms}ms",
            LogStyle.GoZap => $"request completed {name} {status} took={ms}ms",
            LogStyle.Python => $"\"{name} HTTP/1.1\" {status} {ms}ms",
            _ => $"{name} {status} {ms} ms - {id % 4000}",
        };
    }

    public static string Detail(Operation operation, Dice dice)
    {
        var text = dice.Pick(operation.Details);
        text = text.Replace("{id}", dice.Next(1_000_000).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{n1}", (1 + dice.Next(9)).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{ms}", (1 + dice.Next(30)).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        while (text.IndexOf("{n}", StringComparison.Ordinal) is >= 0 and var at)
        {
            text = text[..at] + dice.Next(5000).ToString(CultureInfo.InvariantCulture) + text[(at + 3)..];
        }

        return text.Contains("{hex}", StringComparison.Ordinal) ? text.Replace("{hex}", dice.Hex(12), StringComparison.Ordinal) : text;
    }

    public static string Startup(ServiceNode service, string version, double seconds) => service.Style switch
    {
        LogStyle.Spring => $"Started {service.Name} v{version} in {seconds:0.0} seconds (process running for {seconds + 0.8:0.0})",
        LogStyle.AspNet => $"Application started. Hosting environment: Production; {service.Name} version {version}",
        LogStyle.Python => $"Booting worker with pid: {100 + (int)(seconds * 10)}; {service.Name} version {version}",
        LogStyle.Node => $"{service.Name}@{version} listening on port 8080",
        _ => $"starting {service.Name} version={version} listen=:8080",
    };

    public static string Shutdown(ServiceNode service) => service.Style switch
    {
        LogStyle.Spring => "Commencing graceful shutdown. Waiting for active requests to complete",
        LogStyle.AspNet => "Application is shutting down...",
        LogStyle.Python => "Handling signal: term",
        LogStyle.Node => "SIGTERM received, closing server",
        _ => "received signal terminated, shutting down gracefully",
    };

    public static string Collection(ServiceNode service, double beforeMb, double afterMb, double milliseconds) => service.Style switch
    {
        LogStyle.Spring => $"GC(1{(int)beforeMb % 1000}) Pause Young (Normal) (G1 Evacuation Pause) {beforeMb:0}M->{afterMb:0}M({service.MemoryLimitMb:0}M) {milliseconds:0.000}ms",
        _ => $"Gen2 GC: heap {beforeMb:0} MB -> {afterMb:0} MB, pause {milliseconds:0.0} ms",
    };
}
