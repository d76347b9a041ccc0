using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Mapping;

/// <summary>What a protocol says about one entry beside its text. Empty where it says nothing; the text may fill that.</summary>
/// <remarks>Made by <see cref="EntryMapper.NewEntry"/>; the spans must stay readable until the entry is added.</remarks>
internal ref struct EntryFields
{
    internal EntryFields(AttributeBuffer attributes)
    {
        Attributes = attributes;
        Severity = Severity.Info;
    }

    /// <summary>The record's attributes so far; the mapper appends what it finds.</summary>
    public AttributeBuffer Attributes { get; }

    /// <summary>The sender's id of the entry, 1 to 512 bytes: an entry whose id is known is not taken again.</summary>
    public ReadOnlySpan<byte> Id;

    public ReadOnlySpan<byte> Service;
    public ReadOnlySpan<byte> Environment;
    public ReadOnlySpan<byte> TraceId;
    public ReadOnlySpan<byte> SpanId;

    /// <summary>The machine that the entry comes from; the record's source.</summary>
    public ReadOnlySpan<byte> Host;

    /// <summary>With service and host what makes a stream: a file, a container. Only neighbours of one stream are joined.</summary>
    public ReadOnlySpan<byte> Origin;

    /// <summary>A further part of the stream's identity, for protocols that name streams themselves.</summary>
    public ulong Stream;

    /// <summary>Of kind None when the entry has no time of its own.</summary>
    public Stamp Stamp;

    /// <summary>Meaningful when <see cref="HasSeverity"/>.</summary>
    public Severity Severity;

    public bool HasSeverity;

    /// <summary>The program did not state the severity, a runtime or shipper derived it: the text is asked first.</summary>
    public bool IsSeverityWeak;

    /// <summary>Something was dropped to stay within the limits.</summary>
    public bool IsCut;

    /// <summary>The text is what the program said, no line with a head: what stands in it is left alone unless it is JSON.</summary>
    public bool IsMessage;

    /// <summary>A program that states the severity itself writes no head in front of its message.</summary>
    public readonly bool IsStructured => IsMessage || IsSeverityStated;

    private readonly bool IsSeverityStated => HasSeverity && !IsSeverityWeak;

    public void SetSeverity(Severity severity, bool isWeak = false)
    {
        Severity = severity;
        HasSeverity = true;
        IsSeverityWeak = isWeak;
    }

    public void SetTime(long unixNanos) => Stamp = new Stamp(StampKind.Complete, unixNanos);

    /// <summary>Takes what is not known yet from fields further out; a severity also where the known one is weak.</summary>
    internal void TakeMissing(scoped in LineFields fields)
    {
        Stamp = Stamp.Kind == StampKind.None ? fields.Stamp : Stamp;
        Environment = Environment.IsEmpty ? fields.Environment : Environment;
        TraceId = TraceId.IsEmpty ? fields.TraceId : TraceId;
        SpanId = SpanId.IsEmpty ? fields.SpanId : SpanId;
        Host = Host.IsEmpty ? fields.Host : Host;
        Origin = Origin.IsEmpty ? fields.Origin : Origin;
        Service = Service.IsEmpty ? fields.Service : Service;
        IsCut |= fields.IsCut;
        if (fields.HasSeverity && !IsSeverityStated)
        {
            SetSeverity(fields.Severity, fields.IsSyslogLevel);
        }
    }
}
