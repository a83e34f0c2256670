using VizPipeline.Sample.Training;

namespace VizPipeline.Tests.Sample;

public class SampleTrainerTests
{
    private static readonly TrainingOptions Short = new()
    {
        Steps = 60,
        BatchSize = 20,
        LearningRate = 0.05,
        HeldOutPictures = 100,
        CheckEvery = 1000,
    };

    [Fact]
    public void A_short_training_lowers_the_loss()
    {
        var reports = new List<TrainingProgress>();

        var trained = SampleTrainer.Train(Short, new Told(reports.Add), TestContext.Current.CancellationToken);

        Assert.True(trained.LastLoss < 0.9 * trained.FirstLoss, $"from {trained.FirstLoss:F2} to {trained.LastLoss:F2}");
        Assert.Equal([20, 40, 60], reports.Select(report => report.Step));
        Assert.Equal([32, 3, 7, 7], trained.Weights.Single(weight => weight.Name == "conv1.weight").Shape);
        Assert.All(trained.Weights, weight => Assert.All(weight.Values, value => Assert.True(float.IsFinite(value))));
    }

    [Fact]
    public void A_cancelled_training_stops()
        => Assert.ThrowsAny<OperationCanceledException>(
            () => SampleTrainer.Train(Short, cancellation: new CancellationToken(canceled: true)));

    private sealed class Told(Action<TrainingProgress> act) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => act(value);
    }
}
