namespace Culprit.Engine.Ingestion.Splunk;

/// <summary>Why a body of HEC is refused; the numbers are Splunk's codes.</summary>
internal enum HecFault
{
    None = 0,
    InvalidDataFormat = 6,
    EventFieldRequired = 12,
    EventFieldBlank = 13,
}
