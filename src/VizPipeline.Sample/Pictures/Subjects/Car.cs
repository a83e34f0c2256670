using SkiaSharp;

namespace VizPipeline.Sample.Pictures.Subjects;

/// <summary>A car from the side.</summary>
internal static class Car
{
    public static void Draw(Brush brush)
    {
        var dice = brush.Dice;
        var color = brush.Palette.Main;
        var glass = brush.Palette.Near(200, 35, 80);
        float deck = dice.Between(-0.12f, 0.02f), roof = dice.Between(-0.58f, -0.45f);
        float back = dice.Between(-0.8f, -0.55f), front = dice.Between(0.2f, 0.45f);
        brush.Canvas.Scale(dice.Pick(-1, 1), 1);

        using var cabin = Outline.Polygon(
            new(back - 0.08f, deck), new(back + 0.12f, roof), new(front - 0.18f, roof), new(front + 0.18f, deck));
        brush.Body(cabin, color);
        using var panes = Outline.Polygon(
            new(back + 0.06f, deck), new(back + 0.2f, roof + 0.08f), new(front - 0.22f, roof + 0.08f), new(front + 0.05f, deck));
        brush.Fill(panes, glass);
        var post = (back + front) / 2;
        brush.Box(post - 0.04f, roof, post + 0.04f, deck, color);

        using var body = Outline.Box(-1, deck, 1, 0.38f, 0.14f);
        brush.Body(body, color);
        brush.Line(Palette.Darker(color, 0.4f), 0.03f, new SKPoint(post, deck), new SKPoint(post, 0.34f));
        brush.Oval(0.93f, deck + 0.14f, 0.07f, 0.08f, SKColors.LightYellow);
        brush.Oval(-0.95f, deck + 0.14f, 0.05f, 0.08f, SKColors.Red);

        var rim = dice.Between(0.09f, 0.14f);
        foreach (var x in new[] { -0.55f, 0.55f })
        {
            brush.Disc(x, 0.38f, 0.24f, new SKColor(25, 25, 28));
            brush.Disc(x, 0.38f, rim, new SKColor(190, 190, 195));
        }
    }
}
