namespace Culprit.Engine.Records;

/// <summary>How bad a record says it is; the numbers are OpenTelemetry's severity numbers of each word.</summary>
internal enum Severity : byte
{
    Debug = 5,
    Info = 9,
    Warn = 13,
    Error = 17,
    Fatal = 21,
}

/// <summary>Translates between severities and the words of the wire and of other loggers.</summary>
internal static class Severities
{
    /// <summary>The word on the wire: <c>debug</c>, <c>info</c>, <c>warn</c>, <c>error</c> or <c>fatal</c>.</summary>
    public static string ToWire(this Severity severity) => severity switch
    {
        Severity.Debug => "debug",
        Severity.Info => "info",
        Severity.Warn => "warn",
        Severity.Error => "error",
        Severity.Fatal => "fatal",
        _ => throw new System.Diagnostics.UnreachableException($"Unknown severity {(byte)severity}."),
    };

    /// <summary>True for records that are also error events.</summary>
    public static bool IsError(this Severity severity) => severity >= Severity.Error;

    /// <summary>Reads a level word of any common logger, in any case; false when the word is unknown.</summary>
    public static bool TryParse(ReadOnlySpan<byte> word, out Severity severity)
    {
        Span<byte> lower = stackalloc byte[16];
        severity = Severity.Info;
        if (word.Length is 0 or > 16)
        {
            return false;
        }

        for (var i = 0; i < word.Length; i++)
        {
            var c = word[i];
            lower[i] = c is >= (byte)'A' and <= (byte)'Z' ? (byte)(c | 0x20) : c;
        }

        ReadOnlySpan<byte> w = lower[..word.Length];
        Severity? found = w.Length switch
        {
            1 => w[0] switch
            {
                (byte)'t' or (byte)'d' or (byte)'v' => Severity.Debug,
                (byte)'i' or (byte)'n' => Severity.Info,
                (byte)'w' => Severity.Warn,
                (byte)'e' => Severity.Error,
                (byte)'f' or (byte)'c' => Severity.Fatal,
                _ => null,
            },
            _ when w.SequenceEqual("info"u8) || w.SequenceEqual("information"u8) || w.SequenceEqual("informational"u8)
                || w.SequenceEqual("notice"u8) || w.SequenceEqual("inf"u8) || w.SequenceEqual("log"u8) => Severity.Info,
            _ when w.SequenceEqual("warn"u8) || w.SequenceEqual("warning"u8) || w.SequenceEqual("wrn"u8) => Severity.Warn,
            _ when w.SequenceEqual("error"u8) || w.SequenceEqual("err"u8) || w.SequenceEqual("severe"u8)
                || w.SequenceEqual("fail"u8) => Severity.Error,
            _ when w.SequenceEqual("debug"u8) || w.SequenceEqual("dbg"u8) || w.SequenceEqual("dbug"u8) || w.SequenceEqual("trace"u8)
                || w.SequenceEqual("trce"u8) || w.SequenceEqual("trc"u8) || w.SequenceEqual("verbose"u8)
                || w.SequenceEqual("vrb"u8) || w.SequenceEqual("fine"u8) || w.SequenceEqual("finer"u8)
                || w.SequenceEqual("finest"u8) || w.SequenceEqual("silly"u8) || w.SequenceEqual("config"u8) => Severity.Debug,
            _ when w.SequenceEqual("fatal"u8) || w.SequenceEqual("critical"u8) || w.SequenceEqual("crit"u8)
                || w.SequenceEqual("emerg"u8) || w.SequenceEqual("emergency"u8) || w.SequenceEqual("alert"u8)
                || w.SequenceEqual("panic"u8) || w.SequenceEqual("ftl"u8) || w.SequenceEqual("dpanic"u8) => Severity.Fatal,
            _ => null,
        };
        severity = found ?? Severity.Info;
        return found is not null;
    }

    /// <summary>Maps OpenTelemetry's severity number, 1 to 24.</summary>
    public static bool TryFromOpenTelemetry(long number, out Severity severity)
    {
        severity = number switch
        {
            < 9 => Severity.Debug,
            < 13 => Severity.Info,
            < 17 => Severity.Warn,
            < 21 => Severity.Error,
            _ => Severity.Fatal,
        };
        return number is >= 1 and <= 24;
    }

    /// <summary>Maps a numeric <c>level</c> as bunyan and pino write it: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal.</summary>
    public static bool TryFromSteps(long number, out Severity severity)
    {
        severity = number switch
        {
            < 30 => Severity.Debug,
            < 40 => Severity.Info,
            < 50 => Severity.Warn,
            < 60 => Severity.Error,
            _ => Severity.Fatal,
        };
        return number is >= 10 and <= 60;
    }
}
