namespace VizPipeline.Tests.Deployment;

public sealed class PromQlTests
{
    [Theory]
    [InlineData("sum(viz_leader)", "viz_leader")]
    [InlineData("sum by (kind, le) (rate(viz_a_bucket{kind=~\"$kind\"}[$__rate_interval])) / viz_b", "viz_a_bucket kind kind", "viz_b")]
    [InlineData("sum(viz_a{state!=\"lost_one\"}) or sum by (atlas) (viz_b{x=\"y\"})", "viz_a state=lost_one", "viz_b atlas x=y")]
    [InlineData(
        "histogram_quantile(0.5, sum by (job, kind) (max by (state) (viz_a) + viz_b)) > viz_c", "viz_a kind state", "viz_b kind", "viz_c")]
    [InlineData("label_values(viz_jobs, kind)", "viz_jobs kind")]
    public void Metrics_and_their_labels_are_found(string query, params string[] uses)
        => Assert.Equal(uses, PromQl.Uses(query).Select(use => string.Join(
            ' ', use.Labels.Select(label => label.Value is null ? label.Name : $"{label.Name}={label.Value}").Prepend(use.Metric))));
}
