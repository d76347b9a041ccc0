using System.Text.RegularExpressions;

namespace Culprit.Engine.RootCause.Changes;

/// <summary>The words by which servers, frameworks and process managers say that a process starts or is being stopped.</summary>
internal static partial class LifeWords
{
    private const int MaxVersions = 4;

    /// <summary>Looks for parts of the words: all that it costs to pass over a line that holds none.</summary>
    public static bool MayTell(ReadOnlySpan<byte> body) =>
        body.IndexOf("tart"u8) >= 0 || body.IndexOf("isten"u8) >= 0 || body.IndexOf("unning"u8) >= 0 || body.IndexOf("eady"u8) >= 0
        || body.IndexOf("ooting"u8) >= 0 || body.IndexOf("erving"u8) >= 0 || body.IndexOf("ormal op"u8) >= 0
        || body.IndexOf("hut"u8) >= 0 || body.IndexOf("ignal"u8) >= 0 || body.IndexOf("SIG"u8) >= 0 || body.IndexOf("topping"u8) >= 0;

    public static bool IsStart(string text) =>
        (Timed().IsMatch(text) || Answering().IsMatch(text) || Known().IsMatch(text) || Versioned().IsMatch(text)) && !Work().IsMatch(text);

    public static bool IsStop(string text) => Stop().IsMatch(text);

    /// <summary>Such as <c>orders v1.4.2</c>, <c>orders@1.4.2</c>, <c>version=1.4.2</c>, <c>gunicorn 21.2.0</c>; addresses and durations are none.</summary>
    public static IReadOnlyList<(string Of, string Version)> Versions(string text) =>
    [
        .. Stated().Matches(text).Take(MaxVersions)
            .Select(m => (Of: m.Groups["of"].Value.ToLowerInvariant(), Version: m.Groups["v"].Value))
            .DistinctBy(v => v.Of),
    ];

    private const RegexOptions Plain = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;

    /// <summary>How long the start took, as frameworks say it.</summary>
    [GeneratedRegex(@"\bstarted \S+ (v?\d\S* )?in [\d.,]+ ?\w+ \((jvm|process) running for\b|\bstarted \S*(application|app|server|service|api) (v?\d\S* )?in [\d.,]+ ?(m?s|sec\w*|millisec\w*)\b|\b(application|server|service|startup|boot) (\S+ )?(started|completed|ready) in [\d.,]+ ?(m?s|sec\w*|millisec\w*)\b|\bstarted in [\d.,]+ ?(m?s|sec\w*)\. listening on\b", Plain)]
    private static partial Regex Timed();

    /// <summary>Where it answers from now on: a port or a URL.</summary>
    [GeneratedRegex(@"\b(listening|running|serving|started|available|starting)( [^\s=]+){0,5} (on|at)( port| address|:)? ?(\(?https?://|\S{0,60}:\d{2,5}\b|\d{2,5}\b(?! ?%)|port\(?s?\)?[:= ]+\d{2,5}\b)|\b(listen|addr|address|port)[=:]{1,2}""?\S{0,40}\d{2,5}\b.{0,60}\b(starting|started|listening|serving)\b|\b(starting|started|listening|serving)\b.{0,80}\b(listen|addr|address|port)[=:]{1,2}""?\S{0,40}\d{2,5}\b|\bserving http on \S+ port \d+", Plain)]
    private static partial Regex Answering();

    /// <summary>Sentences of widespread servers.</summary>
    [GeneratedRegex(@"\bapplication (startup complete|started)\b|\bstarting gunicorn\b|\bbooting (puma|sidekiq|unicorn|thin)\b|\bpuma starting\b|\bcelery@\S+ (ready|v\d)|\bresuming normal operations\b|\bready (to accept connections|for connections)\b|\[kafkaserver id=\d+\] started\b|\bstart worker processes\b", Plain)]
    private static partial Regex Known();

    /// <summary>A start that states a version.</summary>
    [GeneratedRegex(@"(^|[\s"":=|\]])(starting|started|booting|booted|launching|launched|initiali[sz]ing|running) [^;]{0,80}?\b(version[ =:""]+v?\d+(\.\d+)+|v\d+(\.\d+)+|[a-z][\w-]*[@/ ]\d+\.\d+\.\d+)(?=[^\d.]|\.?$)|\bversion[=: ]+v?\d+\.\d\S* (starting|started|booting)\b", Plain)]
    private static partial Regex Versioned();

    [GeneratedRegex(@"\bgraceful(ly)? (shut ?down|stop|terminat)|\bshutting down\b|\bshutdown (requested|initiated|signal)\b|\b(application|server|service|process) (is )?stopping\b|\bstopping (application|server|service|process)\b|\b(received|got|caught|handling) (a )?(signal|sig[a-z]+)\b|\bSIG(TERM|INT)\b (received|caught)|\bsignal[ :=]+(term|15|sigterm|terminated)\b", Plain)]
    private static partial Regex Stop();

    /// <summary>Work within a process starts and stops all the time, and what fails to start has not started.</summary>
    [GeneratedRegex(@"\b(jobs?|tasks?|batch(es)?|requests?|transactions?|migrat\w+|back-?ups?|sync\w*|sessions?|downloads?|uploads?|imports?|exports?|polling|scans?|schema|upgrad\w+|retr(y|ies|ying)|fail\w*|errors?|exceptions?|cannot|could not|unable|consum\w+|subscri\w+|connection pool|pool|thread|GET|POST|PUT|DELETE|PATCH)\b(?!=)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase)]
    private static partial Regex Work();

    [GeneratedRegex(@"\b(?!(for|in|on|at|after|by|to|took|port|from|is|was|and)\b)(?<of>[A-Za-z][\w.-]{0,60}?)""?([ =:/@]+v|[ =:/@]{1,3})""?(?<v>\d{1,5}\.\d{1,6}(\.\d{1,8}){0,2}([-+][0-9A-Za-z][0-9A-Za-z.+-]{0,30})?)(?=$|[\s,;)\]""'}]|\.\s|\.$)(?! ?(s|ms|sec|seconds|milliseconds|mb|gb|%)\b)", Plain)]
    private static partial Regex Stated();
}
