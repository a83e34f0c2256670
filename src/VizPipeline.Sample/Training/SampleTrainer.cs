using System.Diagnostics;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Torch;
using static TorchSharp.torch;

namespace VizPipeline.Sample.Training;

/// <summary>The result of a training.</summary>
/// <param name="Options">How it was trained.</param>
/// <param name="Weights">conv1.weight, conv1.bias, ... fc.weight, fc.bias; batch norm is folded in.</param>
/// <param name="HeldOutAccuracy">Share of <see cref="TrainingOptions.HeldOutPictures"/> pictures, never used for training, that it
/// classifies correctly.
/// </param>
/// <param name="ClassAccuracies">The same per class.</param>
/// <param name="FirstLoss">Mean loss of the first twenty steps.</param>
/// <param name="LastLoss">Mean loss of the last twenty steps.</param>
/// <param name="Elapsed">Duration of the training.</param>
public sealed record TrainedNetwork(
    TrainingOptions Options,
    IReadOnlyList<FloatTensor> Weights,
    double HeldOutAccuracy,
    IReadOnlyList<double> ClassAccuracies,
    double FirstLoss,
    double LastLoss,
    TimeSpan Elapsed);

/// <summary>Trains the sample network on pictures that are generated during the training.</summary>
public static class SampleTrainer
{
    private const int ReportEvery = 20;

    /// <summary>Trains a network from scratch. The same options on the same machine give the same network.</summary>
    /// <exception cref="TorchUnavailableException">libtorch cannot be loaded.</exception>
    public static TrainedNetwork Train(
        TrainingOptions options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Steps, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchSize, 2);
        TorchRuntime.Start();
        random.manual_seed(options.Seed);
        using var network = new TrainableNetwork(options.Dropout);
        var clock = Stopwatch.StartNew();
        var losses = Learn(network, options, clock, progress, cancellation);
        var classAccuracies = Examine(network, options.Seed + 1, options.HeldOutPictures, cancellation);
        return new TrainedNetwork(
            options, network.Fold(), classAccuracies.Average(), classAccuracies, losses.First, losses.Last, clock.Elapsed);
    }

    private static (double First, double Last) Learn(
        TrainableNetwork network, TrainingOptions options, Stopwatch clock, IProgress<TrainingProgress>? progress,
        CancellationToken cancellation)
    {
        using var optimizer = optim.SGD(
            network.parameters(), options.LearningRate, momentum: 0.9, weight_decay: options.WeightDecay, nesterov: true);
        var feed = new PictureFeed(options.Seed, options.BatchSize);
        double sum = 0, first = 0, mean = 0;
        double? accuracy = null;
        var summed = 0;
        for (var step = 0; step < options.Steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (var group in optimizer.ParamGroups)
                group.LearningRate = Rate(options, step);
            sum += Step(network, optimizer, feed, options, cancellation);
            summed++;
            if ((step + 1) % options.CheckEvery == 0)
                accuracy = Examine(network, options.Seed + 1, options.HeldOutPictures / 10, cancellation).Average();
            if ((step + 1) % ReportEvery != 0 && step + 1 != options.Steps)
                continue;
            mean = sum / summed;
            if (step < ReportEvery)
                first = mean;
            (sum, summed) = (0, 0);
            progress?.Report(new TrainingProgress(
                step + 1, options.Steps, mean, accuracy, clock.Elapsed, clock.Elapsed * ((double)(options.Steps - step - 1) / (step + 1))));
        }
        return (first, mean);
    }

    private static double Step(
        TrainableNetwork network, optim.Optimizer optimizer, PictureFeed feed, TrainingOptions options, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        var (images, classes) = feed.Next(cancellation);
        network.train();
        optimizer.zero_grad();
        var loss = nn.functional.cross_entropy(network.forward(images), classes);
        var roughness = Roughness(network.FirstFilters);
        (loss + options.Smoothness * roughness).backward();
        optimizer.step();
        return loss.item<float>();
    }

    // Relative to the filters' norm, because batch norm makes the norm meaningless: an absolute penalty would only shrink the filters.
    private static Tensor Roughness(Tensor filters)
    {
        var across = (filters.slice(3, 1, filters.size(3), 1) - filters.slice(3, 0, filters.size(3) - 1, 1)).square().sum();
        var down = (filters.slice(2, 1, filters.size(2), 1) - filters.slice(2, 0, filters.size(2) - 1, 1)).square().sum();
        return (across + down) / filters.square().sum();
    }

    private static double Rate(TrainingOptions options, int step)
    {
        var warmUp = Math.Max(1, options.Steps / 20);
        if (step < warmUp)
            return options.LearningRate * (step + 1) / warmUp;
        return options.LearningRate * 0.5 * (1 + Math.Cos(Math.PI * (step - warmUp) / Math.Max(1, options.Steps - warmUp)));
    }

    /// <summary>Returns the share of held-out pictures that is classified correctly, per class.</summary>
    private static double[] Examine(TrainableNetwork network, long seed, int pictures, CancellationToken cancellation)
    {
        using var gradients = no_grad();
        network.eval();
        var batch = 5 * SampleArchitecture.Classes;
        var feed = new PictureFeed(seed, batch, ahead: 2);
        var (right, seen) = (new int[SampleArchitecture.Classes], new int[SampleArchitecture.Classes]);
        for (var done = 0; done < pictures; done += batch)
        {
            using var scope = NewDisposeScope();
            var (images, classes) = feed.Next(cancellation);
            var answers = network.forward(images).argmax(1).data<long>().ToArray();
            var truth = classes.data<long>().ToArray();
            for (var index = 0; index < batch; index++)
            {
                seen[truth[index]]++;
                if (answers[index] == truth[index])
                    right[truth[index]]++;
            }
        }
        return [.. right.Zip(seen, (hits, all) => all == 0 ? 0 : (double)hits / all)];
    }
}
