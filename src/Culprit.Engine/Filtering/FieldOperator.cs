namespace Culprit.Engine.Filtering;

/// <summary>How a field is compared with one value.</summary>
internal enum FieldOperator : byte
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}
