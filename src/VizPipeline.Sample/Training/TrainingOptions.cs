namespace VizPipeline.Sample.Training;

/// <summary>How the sample network is trained. The defaults are those of the shipped network.</summary>
public sealed record TrainingOptions
{
    /// <summary>Seed of the initial weights and of the training pictures; the held-out pictures use the next seed.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Number of steps of one batch each.</summary>
    public int Steps { get; init; } = 2500;

    /// <summary>Pictures per step. Every picture is used once.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Peak learning rate; it rises over the first twentieth and then falls along a cosine to zero.</summary>
    public double LearningRate { get; init; } = 0.1;

    /// <summary>L2 decay of all weights.</summary>
    public double WeightDecay { get; init; } = 5e-4;

    /// <summary>
    /// Penalty on differences between neighbouring weights of the first layer's filters, relative to their norm: the filters are displayed,
    /// and the little noise that training leaves in them has no meaning.
    /// </summary>
    public double Smoothness { get; init; } = 0.05;

    /// <summary>Share of the pooled features that each step drops.</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Number of held-out pictures for the final accuracy.</summary>
    public int HeldOutPictures { get; init; } = 4000;

    /// <summary>Steps between two evaluations on held-out pictures (a tenth of <see cref="HeldOutPictures"/>).</summary>
    public int CheckEvery { get; init; } = 250;
}

/// <summary>Progress of a training.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Steps">Number of all steps.</param>
/// <param name="Loss">Cross-entropy, averaged over the last twenty steps.</param>
/// <param name="HeldOutAccuracy">Of the last evaluation; null before the first.</param>
/// <param name="Elapsed">Time so far.</param>
/// <param name="Left">Estimated remaining time.</param>
public sealed record TrainingProgress(int Step, int Steps, double Loss, double? HeldOutAccuracy, TimeSpan Elapsed, TimeSpan Left);
