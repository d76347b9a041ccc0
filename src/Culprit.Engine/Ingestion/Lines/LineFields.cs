using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>What a format found in one line; the spans point into the line or into buffers of the format.</summary>
internal ref struct LineFields
{
    /// <param name="attributes">Reused from line to line; emptied here.</param>
    public LineFields(AttributeBuffer attributes)
    {
        Attributes = attributes;
        attributes.Clear();
        Severity = Severity.Info;
    }

    public AttributeBuffer Attributes { get; }

    /// <summary>May lack its year or date; <see cref="TimeReference"/> completes it.</summary>
    public Stamp Stamp;

    /// <summary>Meaningful when <see cref="HasSeverity"/>.</summary>
    public Severity Severity;

    public bool HasSeverity;

    /// <summary>The severity is a syslog number: container runtimes and journald derive it from the stream, not from the text.</summary>
    public bool IsSyslogLevel;

    /// <summary>The message stands on the next line (the two-line consoles of .NET and java.util.logging).</summary>
    public bool BodyFollows;

    /// <summary>Something was dropped to stay within the limits.</summary>
    public bool IsCut;

    /// <summary>The line is a record of free text whose further lines carry no head, so they can belong to it.</summary>
    public bool IsText;

    public ReadOnlySpan<byte> Service;
    public ReadOnlySpan<byte> Environment;
    public ReadOnlySpan<byte> Message;
    public ReadOnlySpan<byte> TraceId;
    public ReadOnlySpan<byte> SpanId;
    public ReadOnlySpan<byte> Host;
    public ReadOnlySpan<byte> Origin;

    public void SetSeverity(Severity severity)
    {
        Severity = severity;
        HasSeverity = true;
    }
}
