namespace Culprit.Engine.Flows;

/// <summary>What an ended session says about the system.</summary>
internal enum FlowOutcome : byte
{
    /// <summary>Nothing: too little is known, or its end was not seen.</summary>
    Unknown,

    /// <summary>It went as nearly all do.</summary>
    Usual,

    /// <summary>It took new steps in the place of usual ones, as after a release that words its lines anew.</summary>
    Changed,

    /// <summary>It stopped, left a step out, took a step that is known and rare, or took one more or less often than nearly all.</summary>
    Broken,
}
