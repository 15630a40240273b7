# pragma version ^0.4.0
# A Chainlink-style price feed that answers what it was told to.
decimals: public(uint8)
roundId: uint80
answer: int256
updatedAt: uint256
answeredInRound: uint80

@deploy
def __init__(decimals: uint8):
    self.decimals = decimals

@external
def set(roundId: uint80, answer: int256, updatedAt: uint256, answeredInRound: uint80):
    self.roundId = roundId
    self.answer = answer
    self.updatedAt = updatedAt
    self.answeredInRound = answeredInRound

@view
@external
def latestRoundData() -> (uint80, int256, uint256, uint256, uint80):
    return self.roundId, self.answer, self.updatedAt, self.updatedAt, self.answeredInRound
