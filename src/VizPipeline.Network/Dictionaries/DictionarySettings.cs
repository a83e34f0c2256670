namespace VizPipeline.Network.Dictionaries;

/// <summary>What a user says about a dictionary's file, because the file does not say it or says something else.</summary>
public sealed record DictionarySettings
{
    /// <summary>The activation; null for what the file says.</summary>
    public DictionaryActivation? Activation { get; init; }

    /// <summary>k of a TopK dictionary; null for what the file says.</summary>
    public int? Count { get; init; }

    /// <summary>One threshold for all features, as a BatchTopK dictionary has; null for what the file says.</summary>
    public float? Threshold { get; init; }

    /// <summary>Whether b_dec is subtracted from the layer's values before they are encoded; null for what the file says.</summary>
    public bool? SubtractsDecoderBias { get; init; }
}
