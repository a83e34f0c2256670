namespace VizPipeline.Sample.Training;

/// <summary>How the sample network is trained. The defaults made the network that ships.</summary>
public sealed record TrainingOptions
{
    /// <summary>Seed of the first weights and of the training pictures; the held-out pictures come from the next seed.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Steps of one batch each.</summary>
    public int Steps { get; init; } = 2500;

    /// <summary>Pictures per step. Every picture is seen once.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>The learning rate at its peak; it rises over the first twentieth and then falls along a cosine to zero.</summary>
    public double LearningRate { get; init; } = 0.1;

    /// <summary>L2 decay of all weights.</summary>
    public double WeightDecay { get; init; } = 5e-4;

    /// <summary>
    /// Price of differences between neighbouring weights of the first layer's filters, relative to their size: the filters are to be
    /// looked at, and the little noise that training leaves in them says nothing.
    /// </summary>
    public double Smoothness { get; init; } = 0.05;

    /// <summary>Part of the pooled features that each step leaves out.</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Held-out pictures for the final accuracy.</summary>
    public int HeldOutPictures { get; init; } = 4000;

    /// <summary>Steps between two looks at held-out pictures (a tenth of <see cref="HeldOutPictures"/>).</summary>
    public int CheckEvery { get; init; } = 250;
}

/// <summary>Where a training stands.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Steps">Steps in all.</param>
/// <param name="Loss">Cross-entropy, averaged over the last twenty steps.</param>
/// <param name="HeldOutAccuracy">From the last look at held-out pictures; null before the first.</param>
/// <param name="Elapsed">Time so far.</param>
/// <param name="Left">Time left, if the pace stays as it is.</param>
public sealed record TrainingProgress(int Step, int Steps, double Loss, double? HeldOutAccuracy, TimeSpan Elapsed, TimeSpan Left);
